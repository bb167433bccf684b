# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries rules, and keeps them only when a new connection gets through; see the module's documentation."""

from __future__ import annotations

import time
from typing import Any, Dict, Optional

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import one
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.firewall_trial import shut_out
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed

MODULE = "yitiji.deepseek.firewall_rules"
BACK = 90  # seconds that a node may take after its rules went back


class ActionModule(ActionBase):
    _supports_check_mode = True

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        began = time.monotonic()
        result.update(self._execute_module(module_name=MODULE, module_args=args, task_vars=task_vars))
        if result.get("failed") or not result.get("pending"):
            return result
        probation = int(args.get("probation") or 60)
        host = str((task_vars or {}).get("inventory_hostname", ""))
        answer = self._ask_anew({**args, "step": "confirm"}, task_vars, began + probation - 2)
        if answer is None:
            told = one("no new connection gets through; waiting for the old rules / 新连接被阻断，等待规则回滚")
            Display().display(f"[{host}] {told}")
            back = self._ask_anew(None, task_vars, began + probation + BACK) is not None
            refusal = shut_out(probation, back)
            said = {"msg": refusal.message(host), **refusal.brief(host)}
            return {**result, "failed": True, "changed": False, "pending": not back, **said}
        answer.pop("invocation", None)
        return {**result, **answer}

    def _ask_anew(
        self, args: Optional[Dict[str, Any]], task_vars: Optional[Dict[str, Any]], until: float
    ) -> Optional[Dict[str, Any]]:
        """One module run over a connection that did not exist before; None when none was had in time."""
        while time.monotonic() < until:
            try:
                self._connection.reset()
                self._connection._shell.tmpdir = None
                if args is None:
                    return self._execute_module(module_name="ansible.builtin.ping", module_args={}, task_vars=task_vars)
                return self._execute_module(module_name=MODULE, module_args=args, task_vars=task_vars)
            except AnsibleConnectionFailure:
                time.sleep(1)
        return None
