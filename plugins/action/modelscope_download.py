# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of the same name in the background and shows its progress, for many hosts in parallel."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import PROGRESS, WORK
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.progress_line import progress_line
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import SLACK, Vars, Watched

LEASE = 30  # the node stops when this controller has not been seen for so long (killed, ctrl-C, no network)


class ActionModule(Watched):
    NAME = "yitiji.deepseek.modelscope_download"
    ASK = 30.0  # the progress goes when the download ends

    def first_look(self, args: Dict[str, Any], task_vars: Vars) -> Optional[Dict[str, Any]]:
        """What stands already, or cannot work, is said at once."""
        if args.get("state", "present") != "present":
            return dict(self._execute_module(self.NAME, args, task_vars=task_vars))
        if args.get("verify", "stamp") == "full":
            return None
        first: Dict[str, Any] = self._execute_module(self.NAME, {**args, "dry_run": True}, task_vars=task_vars)
        return first if first.get("failed") or not first.get("changed") else None

    def limit(self, args: Dict[str, Any]) -> int:
        return int(args.get("limit") or 172800) + SLACK

    def job(self, _args: Dict[str, Any]) -> Dict[str, Any]:
        return {"lease": LEASE}

    def progress(self, args: Dict[str, Any]) -> str:
        return self._in_work(args, PROGRESS)

    def lease(self, args: Dict[str, Any]) -> str:
        return self._in_work(args, "lease")

    def line(self, state: Dict[str, Any]) -> str:
        return progress_line(state)

    def too_long(self, limit: int) -> Refusal:
        again = Text("raise limit and run again: it continues where it stopped", "请增大 limit 后重新运行：将继续下载")
        return Refusal("LLM617", detail=f"{limit - SLACK} s", remedies=[again])

    def _in_work(self, args: Dict[str, Any], name: str) -> str:
        return str(self._connection._shell.join_path(str(args["dest"]), WORK, name))
