# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits in short slices, so that the operator sees each new log line while the model loads."""

from __future__ import annotations

import time
from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.wait import tell

NAME = "yitiji.deepseek.service_wait"
SLICE = 20
FIRST_SLICE = 2


class ActionModule(ActionBase):
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        host = str((task_vars or {}).get("inventory_hostname", ""))
        timeout = int(args.get("timeout", 600))
        began, line, restarts = time.monotonic(), "", None
        while True:
            left = max(1, int(timeout - (time.monotonic() - began)))
            final = left <= SLICE
            args.update(
                slice=left if final else SLICE if line else FIRST_SLICE,
                slice_final=final,
                slice_line=line,
                slice_restarts=restarts,
            )
            answer = self._execute_module(module_name=NAME, module_args=args, task_vars=task_vars)
            elapsed = time.monotonic() - began
            if answer.get("failed") or answer.get("status") != "waiting":
                return {**result, **answer, "seconds": round(elapsed, 1)}
            restarts, line = answer.get("restarts_before"), str(answer.get("line") or "-")
            self._display.display("{}: {}".format(host, tell(str(args.get("unit")), elapsed, timeout, answer)))
