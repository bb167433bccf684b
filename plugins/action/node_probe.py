# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module on the node and bounds its clock by the controller's before and after."""

from __future__ import annotations

import time
from typing import Any, Dict, Optional

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.action.reach import refused, said_by
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import clock_bounds
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.save import read_plan
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed


class ActionModule(ActionBase):
    """See the module's documentation."""

    _supports_check_mode = True

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        args = dict(self._task.args)
        plan_file, report = args.pop("plan_file", None), args.pop("report_unreachable", False)
        if not args.get("plan") and plan_file:
            args["plan"] = read_plan(str(plan_file))
        before = time.time()
        try:
            answer = self._execute_module("yitiji.deepseek.node_probe", args, task_vars=task_vars)
        except AnsibleError as error:
            if not report:
                raise
            answer = {"msg": str(error), "failed": True}
        if report and "node" not in answer and "Traceback" not in said_by(answer):
            why = refused(task_vars, self._play_context.remote_user, said_by(answer))
            answer = {"changed": False, "node": {}, "measures": {"reach": {**why.as_dict(), "ok": False}}}
        elif answer.get("epochs"):
            answer["clock"] = clock_bounds(before, time.time(), *answer["epochs"])
            answer["measures"]["reach"] = {"ok": True}
        result.update(answer)
        result["plan"] = args.get("plan") or {}
        result["settings"] = args.get("settings") or {}
        return result
