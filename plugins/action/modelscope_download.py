# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of the same name in the background and shows its progress, for many hosts in parallel."""

from __future__ import annotations

import json
import shlex
import time
from typing import Any, Dict, Optional

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import WORK
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.progress_line import progress_line

NAME = "yitiji.deepseek.modelscope_download"
LEASE = 30  # the node stops when this controller has not been seen for so long (killed, ctrl-C, no network)
PAUSES = (0.5, 1.0, 2.0, 3.0)
QUIET = 10.0  # seconds between two lines of progress
INTERNAL = ("ansible_job_id", "started", "finished", "results_file", "stdout", "stdout_lines", "stderr", "stderr_lines")


class ActionModule(ActionBase):
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        if self._task.async_val or self._task.check_mode or args.get("state", "present") != "present":
            answer = self._execute_module(NAME, args, task_vars=task_vars, wrap_async=bool(self._task.async_val))
            return {**result, **answer}
        if args.get("verify", "stamp") != "full":
            # what stands already, or cannot work, is said at once; only work worth watching goes to the background
            first = self._execute_module(NAME, {**args, "dry_run": True}, task_vars=task_vars)
            if first.get("failed") or not first.get("changed"):
                return {**result, **first}
        return {**result, **self._watched(args, task_vars)}

    def _watched(self, args: Dict[str, Any], task_vars: Optional[Dict[str, Any]]) -> Dict[str, Any]:
        limit = int(args.get("limit") or 172800)
        self._task.async_val = limit
        try:
            job: Dict[str, Any] = self._execute_module(
                NAME, {**args, "lease": LEASE}, task_vars=task_vars, wrap_async=True
            )
        finally:
            self._task.async_val = 0
        if job.get("failed") or "ansible_job_id" not in job:
            return job
        status = {"jid": job["ansible_job_id"], "_async_dir": self.get_shell_option("async_dir", "~/.ansible_async")}
        answer = self._follow(status, str(args["dest"]), limit, task_vars)
        self._status(status, "cleanup", task_vars)
        return {key: value for key, value in answer.items() if key not in INTERNAL}

    def _follow(
        self, status: Dict[str, Any], dest: str, limit: int, task_vars: Optional[Dict[str, Any]]
    ) -> Dict[str, Any]:
        host = str((task_vars or {}).get("inventory_hostname", ""))
        begin = seen = asked = time.monotonic()
        shown_at, shown, turn = begin - QUIET + 2, "", 0
        while time.monotonic() - begin < limit:
            time.sleep(PAUSES[min(turn, len(PAUSES) - 1)])
            turn += 1
            try:
                state = self._progress(dest)
                now = time.monotonic()
                if state is None or state.get("state") == "failed" or now - asked > 30:
                    asked = now
                    answer = self._status(status, "status", task_vars)
                    if answer.get("finished") or answer.get("failed"):
                        return answer
                seen = now
            except AnsibleConnectionFailure:
                if time.monotonic() - seen > 2 * LEASE:
                    raise
                continue
            line = progress_line(state) if state else ""
            if line and line != shown and now - shown_at >= QUIET:
                shown, shown_at = line, now
                self._display.display(f"{host}: {line}")
        self._low_level_execute_command("rm -f {}".format(shlex.quote(self._path(dest, "lease"))))
        return {
            "failed": True,
            "msg": f"[LLM617] {host}: no end of the download within {limit} s. Raise limit.\n"
            f"[LLM617] {host}：下载未在 {limit} 秒内完成。请增大 limit。",
        }

    def _status(self, status: Dict[str, Any], mode: str, task_vars: Optional[Dict[str, Any]]) -> Dict[str, Any]:
        answer: Dict[str, Any] = self._execute_module(
            "ansible.legacy.async_status", {**status, "mode": mode}, task_vars=task_vars
        )
        return answer

    def _progress(self, dest: str) -> Optional[Dict[str, Any]]:
        """Reads the progress and tells the node that somebody is still there."""
        answer = self._low_level_execute_command(
            "touch -c {}; cat {}".format(
                shlex.quote(self._path(dest, "lease")), shlex.quote(self._path(dest, "progress.json"))
            )
        )
        try:
            state = json.loads(answer.get("stdout") or "")
        except ValueError:
            return None
        return state if isinstance(state, dict) else None

    def _path(self, dest: str, name: str) -> str:
        return str(self._connection._shell.join_path(dest, WORK, name))
