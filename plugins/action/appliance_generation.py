# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells the module what the run found out and who ran it; documented there."""

from __future__ import annotations

import getpass
import socket
from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import nodes
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.state import complete
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import version
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True
    nothing_more = True  # after the module's answer, where several steps run together

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result = super().run(tmp, task_vars)
        known, args = task_vars or {}, dict(self._task.args)
        if args.get("state") != "told":
            found = nodes.found([str(known["inventory_hostname"])], known["hostvars"])
            # without the controller's own packages: the same node from two controllers is the same
            args["content"] = complete(args["plan"], version(), {name: row for name, row in found.items() if row}, {})
            args["by"] = f"{getpass.getuser()}@{socket.gethostname()}"
        answer: Dict[str, Any] = self._execute_module("yitiji.deepseek.appliance_generation", args, task_vars=task_vars)
        return {**result, **answer}
