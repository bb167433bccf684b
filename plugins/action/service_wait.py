# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows why a service is not ready yet, and the newest line of its log, while the module waits on the node."""

from __future__ import annotations

from typing import Any, ClassVar, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import Vars, Watched


class ActionModule(Watched):
    NAME = "yitiji.deepseek.service_wait"
    DONE: ClassVar[Dict[str, Any]] = {"status": "ready"}

    def first_look(self, args: Dict[str, Any], task_vars: Vars) -> Optional[Dict[str, Any]]:
        """A service that answers already, or never will, is not worth a background job."""
        first: Dict[str, Any] = self._execute_module(self.NAME, {**args, "look": True}, task_vars=task_vars)
        return first if first.get("failed") or first.get("status") != "waiting" else None

    def elapsed(self, seconds: float, args: Dict[str, Any]) -> str:
        return f"{seconds:.0f} of {int(args.get('timeout') or 600)} s"
