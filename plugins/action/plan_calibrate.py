# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what engines said at their start with the plan. Documented in the module of the same name."""

from __future__ import annotations

import contextlib
import os

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, noticed
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.calibrate import add_rows, learn
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.save import as_json, read_rows, save_files
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import held
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, failed, framed


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    @framed
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _unused, options = self.validate_argument_spec(argument_spec=argument_spec("plan_calibrate"))
        plan, kept = options["plan"], options["calibration_file"]
        found = learn(plan, options["engine_logs"])
        found["rows"] += options["rows"]
        if not found["rows"]:
            return {**result, **failed(Refusal("LLM536"), list(plan.get("nodes") or {}))}
        changed, diff = False, []
        if kept:
            folder, name = os.path.split(kept)
            try:
                with contextlib.nullcontext() if self._task.check_mode else held(folder or "."):
                    rows = add_rows(read_rows(kept), found["rows"])
                    changed, diff = save_files(folder, {name: as_json(rows)}, self._task.check_mode)
            except Refusal as refusal:
                action_fail(refusal, str((task_vars or {}).get("inventory_hostname", "")))
        for warning in found["warnings"]:
            self._display.warning(noticed(warning, plan["deployment"]))
        return {
            **result,
            "changed": changed,
            "measured": found["measured"],
            "calibration": found["rows"],
            "mismatches": found["warnings"],
            **({"diff": diff} if self._task.diff else {}),
        }
