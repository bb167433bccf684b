# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how long the engines have been away while acceptance_node restarts them."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import Vars, Watched


class ActionModule(Watched):
    _supports_async = True
    NAME = "yitiji.deepseek.acceptance_node"

    def first_look(self, args: Dict[str, Any], task_vars: Vars) -> Optional[Dict[str, Any]]:
        """A short look at the node is no job."""
        if args.get("restart"):
            return None
        answer: Dict[str, Any] = self._execute_module(self.NAME, args, task_vars=task_vars)
        return answer

    def limit(self, args: Dict[str, Any]) -> int:
        return int(args["plan"]["start"]["timeout_seconds"]) + super().limit({"timeout": 300})
