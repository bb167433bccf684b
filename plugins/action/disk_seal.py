# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads on the controller what has to go, and has the module take it away."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, framed


def entries(folders: List[str]) -> Dict[str, Dict[str, Any]]:
    """The catalogue's entries about sealing, a vendor's own included."""
    try:
        return catalogue(folders, ("seal",))["seal"]
    except Refusal as refusal:
        action_fail(refusal, "localhost")


class ActionModule(ActionBase):
    _supports_check_mode = True

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        args["rules"] = entries(args.pop("catalog_dirs", []))
        result.update(self._execute_module("yitiji.deepseek.disk_seal", args, task_vars=task_vars))
        return result
