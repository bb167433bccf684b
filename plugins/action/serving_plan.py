# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a plan on the controller; no connection to any node is opened. Documented in the module of the same name."""

from __future__ import annotations

import os

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import HOSTS_SHOWN, Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.calibrate import add_rows, learn
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.html import page
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.make import make_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.save import (
    as_json,
    check_folder,
    read_rows,
    save_files,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import explain
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import read_wish, resolve, resolve_beside
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, failed


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _unused, options = self.validate_argument_spec(argument_spec=argument_spec("serving_plan"))
        try:
            if options["save_to"]:
                check_folder(options["save_to"])
            return self._answer(result, options, task_vars or {})
        except Refusal as refusal:
            action_fail(refusal, str((task_vars or {}).get("inventory_hostname", "")))

    def _answer(self, result, options, task_vars):
        if options["engine_logs"]:
            return {**result, **self._learn(options)}
        options["calibration"] = read_rows(options["calibration_file"])
        try:
            catalog = catalogue(options["catalog_dirs"])
            if options["resolve_only"]:
                wanted = resolve(options, catalog)
                names = ("model", "revision", "engine", "gguf")
                found = {name: wanted[name] for name in names}
                found["beside"] = resolve_beside(options, catalog)
                result.update(changed=False, wanted=found)
                return result
            plan = options["planned"] or make_plan(read_wish(options, catalog), catalog)
        except Refusal as refusal:
            hosts = list(options["nodes"]) or [str(task_vars.get("inventory_hostname", ""))]
            # of several deployments in a run, which one it is
            message = refusal.message("{}: {}".format(options["deployment"], ", ".join(hosts[:HOSTS_SHOWN])))
            return {**result, **failed(refusal, hosts), "msg": message, "refusal": refusal.as_dict(hosts)}
        texts = {language: explain(plan, language) for language in ("zh", "en")}
        changed, diff = False, []
        if options["save_to"]:
            files = {"plan.json": as_json(plan), "plan.html": page(plan) + "\n"}
            files.update({f"plan.{language}.txt": content + "\n" for language, content in texts.items()})
            changed, diff = save_files(options["save_to"], files, self._task.check_mode)
        wanted_texts = [texts[language] for language in ("zh", "en") if options["language"] in (language, "both")]
        for shown in wanted_texts if options["show"] else []:
            self._display.display("\n" + shown)
        result.update(changed=changed, plan=plan, explanation="\n\n".join(wanted_texts).split("\n"))
        if self._task.diff:
            result["diff"] = diff
        return result

    def _learn(self, options):
        """Compares what each engine said at its start with the plan and keeps the rows."""
        found = learn(options["planned"], options["engine_logs"])
        if not found["rows"]:
            return failed(Refusal("LLM536"), list(options["planned"].get("nodes") or {}))
        changed, diff = False, []
        if options["calibration_file"]:
            rows = add_rows(read_rows(options["calibration_file"]), found["rows"])
            folder, name = os.path.split(options["calibration_file"])
            changed, diff = save_files(folder, {name: as_json(rows)}, self._task.check_mode)
        for warning in found["warnings"]:
            self._display.warning(f"{warning['id']}: {warning['zh']} / {warning['en']}")
        return {
            "changed": changed,
            "measured": found["measured"],
            "calibration": found["rows"],
            "mismatches": found["warnings"],
            **({"diff": diff} if self._task.diff else {}),
        }
