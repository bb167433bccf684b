# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges all nodes at once; see the module's documentation."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, List, Optional

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import report as doctor_report
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import rules as doctor_rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import table
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.judge import judge
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, framed


class ActionModule(ActionBase):
    """The controller's face of the rules engine."""

    _supports_check_mode = True
    _requires_connection = False

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec("doctor"))
        try:
            found = judge(load_rules(), args["seen"], args["phase"], args["ignore"])
        except Refusal as refusal:
            action_fail(refusal, "localhost")
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
            result.update(results=found, table=lines, failures=table.failed(found))
        return result

    def _write_reports(self, args: Dict[str, Any], found: List[Dict[str, Any]]) -> None:
        """On the controller, and not in check mode."""
        if self._task.check_mode:
            return
        report = doctor_report.document(args["title"], args["phase"], found, time.time())
        texts = {
            "json_file": doctor_report.as_json(report),
            "html_file": doctor_report.as_html(report, args["language"], args["help"], args["vendor"]),
        }
        for key, content in texts.items():
            path = args.get(key)
            if not path:
                continue
            try:
                write_atomic(os.path.abspath(path), content, 0o644)
            except OSError as error:
                refusal = Refusal("LLM198", path=path, why=error.strerror or error, name=f"preflight_{key}")
                action_fail(refusal, "localhost")
