# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module on the node and bounds its clock by the controller's before and after."""

from __future__ import annotations

import json
import time
from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._rules import clock_bounds


class ActionModule(ActionBase):
    """See the module's documentation."""

    _supports_check_mode = True

    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        plan_file = args.pop("plan_file", None)
        if not args.get("plan") and plan_file:
            args["plan"] = saved_plan(str(plan_file))
        before = time.time()
        result.update(
            self._execute_module(module_name="yitiji.deepseek.node_probe", module_args=args, task_vars=task_vars)
        )
        if result.get("epochs"):
            result["clock"] = clock_bounds(before, time.time(), *result["epochs"])
            result["plan"] = args.get("plan") or {}
            result["settings"] = args.get("settings") or {}
        return result


def saved_plan(path: str) -> Dict[str, Any]:
    """The plan of the last run as the controller kept it; empty without one."""
    try:
        with open(path, encoding="utf-8") as stream:
            found = json.load(stream)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
