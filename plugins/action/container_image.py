# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far the load of an image is, while the module works on the node."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import Vars, Watched


class ActionModule(Watched):
    NAME = "yitiji.deepseek.container_image"

    def first_look(self, args: Dict[str, Any], task_vars: Vars) -> Optional[Dict[str, Any]]:
        """What is there already, or cannot come, is said at once; only a real transfer is worth a background job."""
        first: Dict[str, Any] = self._execute_module(self.NAME, {**args, "dry_run": True}, task_vars=task_vars)
        return first if first.get("failed") or not first.get("changed") else None
