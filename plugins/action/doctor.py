# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges all nodes at once; see the module's documentation."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, List, Optional

import yaml
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import report as doctor_report
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import rules as doctor_rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import table
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.all import PROBES
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import NEEDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic

CATALOG = os.path.join(os.path.dirname(__file__), os.pardir, "catalog", "rules")
ARGUMENTS = {
    "phase": {"type": "str", "choices": ["pre", "post", "run"], "default": "run"},
    "seen": {"type": "dict", "required": True},
    "ignore": {"type": "list", "elements": "raw", "default": []},
    "language": {"type": "str", "choices": ["both", "zh", "en"], "default": "both"},
    "fail": {"type": "bool", "default": True},
    "show_all": {"type": "bool", "default": False},
    "title": {"type": "str", "default": "doctor"},
    "json_file": {"type": "path"},
    "html_file": {"type": "path"},
}


def load_rules(folder: str = CATALOG) -> List[Dict[str, Any]]:
    """All rules of the catalogue, checked, by id."""
    rules: List[Dict[str, Any]] = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".yml"):
            with open(os.path.join(folder, name), encoding="utf-8") as stream:
                rules += (yaml.safe_load(stream) or {}).get("rules") or []
    doctor_rules.check_rules(rules, PROBES, NEEDS)
    return sorted(rules, key=lambda rule: str(rule["id"]))


class ActionModule(ActionBase):
    """The controller's face of the rules engine."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(ARGUMENTS)
        try:
            rules = load_rules()
            found = judge(rules, args["seen"], args["phase"], args["ignore"])
        except doctor_rules.RulesError as error:
            raise AnsibleActionFail(f"LLM199: {error}") from error
        self._write_reports(args, found)
        code = doctor_rules.exit_code(found)
        failing = args["fail"] and code == 2
        lines = table.table(found, args["language"], args["show_all"], remedies=not failing)
        display = Display()
        display.display(args["title"])
        for line in lines:
            display.display("  " + line)
        result.update(changed=False, summary=doctor_rules.summarize(found), exit_code=code)
        broken = [item for item in found if doctor_rules.counted(item) == doctor_rules.FAIL]
        result["failed_rules"] = [{"id": item["id"], "host": item["host"]} for item in broken]
        if failing:  # the message says it all; the whole list would bury it
            result.update(failed=True, msg=table.failures(found, args["language"]))
        else:
            result.update(results=found, table=lines)
        return result

    def _write_reports(self, args: Dict[str, Any], found: List[Dict[str, Any]]) -> None:
        """On the controller, and not in check mode."""
        if self._task.check_mode:
            return
        report = doctor_report.document(args["title"], args["phase"], found, time.time())
        texts = {
            "json_file": doctor_report.as_json(report),
            "html_file": doctor_report.as_html(report, args["language"]),
        }
        for key, content in texts.items():
            path = args.get(key)
            if not path:
                continue
            try:
                write_atomic(os.path.abspath(path), content, 0o644)
            except OSError as error:
                raise AnsibleActionFail(
                    f"LLM198: 无法写入报告 {path}：{error} / can't write the report {path}: {error}"
                ) from error


def judge(
    rules: List[Dict[str, Any]], seen: Dict[str, Dict[str, Any]], phase: str, ignore: List[Any]
) -> List[Dict[str, Any]]:
    """Results of all hosts. Peers are the other hosts of the same deployment."""
    known = [str(rule["id"]) for rule in rules]
    groups: Dict[str, Dict[str, Any]] = {}
    for host, item in seen.items():
        groups.setdefault(_deployment(item), {})[host] = dict(item["node"], clock_offset=item.get("clock"))
    found: List[Dict[str, Any]] = []
    for host, item in seen.items():
        settings = item.get("settings") or {}
        context = doctor_rules.Context(
            node=item["node"],
            plan=item.get("plan") or None,
            settings=settings,
            measures=item.get("measures") or {},
            peers={name: node for name, node in groups[_deployment(item)].items() if name != host},
            clock=item.get("clock"),
            host=host,
        )
        silenced = doctor_rules.silenced([*ignore, *(settings.get("ignore") or [])], known)
        asked = rules
        if (context.measures.get("reach") or {}).get("ok") is False:  # of a node nobody saw, nothing else can be said
            asked = [rule for rule in rules if rule["id"] == "LLM107"]
        found += doctor_rules.evaluate(asked, context, phase, PROBES, NEEDS, silenced)
    return found


def _deployment(item: Dict[str, Any]) -> str:
    return str((item.get("settings") or {}).get("deployment") or "")
