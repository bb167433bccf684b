# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action that runs its module in the background and shows the line that the module keeps in its progress file."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase

SLACK = 300  # seconds beside the module's own limit
QUIET = 30  # seconds between two lines that say the same
INTERNAL = ("ansible_job_id", "started", "finished", "results_file", "stdout", "stdout_lines", "stderr", "stderr_lines")


class Watched(ActionBase):
    NAME = ""
    PROBE = True  # a run in check mode first tells whether there is work at all

    def progress(self, _args: Dict[str, Any]) -> str:
        """The file in which the module says how far it is."""
        return f"/run/yitiji-{uuid.uuid4().hex}.json"

    def limit(self, args: Dict[str, Any]) -> int:
        """How long the module may take, in seconds."""
        return int(args.get("timeout") or 3600)

    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        if self._task.async_val or self._task.check_mode:
            answer = self._execute_module(self.NAME, args, task_vars=task_vars, wrap_async=bool(self._task.async_val))
            return {**result, **answer}
        if not self.PROBE:
            return {**result, **self._watch(args, task_vars)}
        # Only what really takes long is worth a background job.
        self._task.check_mode = True
        try:
            first = self._execute_module(self.NAME, args, task_vars=task_vars)
        finally:
            self._task.check_mode = False
        if not first.get("failed") and not first.get("changed"):
            return {**result, **first}
        return {**result, **self._watch(args, task_vars)}

    def _watch(self, args: Dict[str, Any], task_vars: Optional[Dict[str, Any]]) -> Dict[str, Any]:
        progress = self.progress(args)
        self._task.async_val = limit = self.limit(args) + SLACK
        try:
            job: Dict[str, Any] = self._execute_module(
                self.NAME, {**args, "progress": progress}, task_vars=task_vars, wrap_async=True
            )
        finally:
            self._task.async_val = 0
        if job.get("failed") or "ansible_job_id" not in job:
            return job
        try:
            return self._follow(job, progress, limit, task_vars)
        finally:
            self._execute_module("ansible.builtin.file", {"path": progress, "state": "absent"}, task_vars=task_vars)

    def _follow(
        self, job: Dict[str, Any], progress: str, limit: int, task_vars: Optional[Dict[str, Any]]
    ) -> Dict[str, Any]:
        host = str((task_vars or {}).get("inventory_hostname", ""))
        began = told = time.monotonic()
        shown = ""
        status = {"jid": job["ansible_job_id"], "_async_dir": self.get_shell_option("async_dir", "~/.ansible_async")}
        while time.monotonic() - began < limit + SLACK:
            time.sleep(3)
            answer: Dict[str, Any] = self._execute_module(
                "ansible.builtin.async_status", {**status, "mode": "status"}, task_vars=task_vars
            )
            if answer.get("finished") in (1, True) or answer.get("failed"):
                self._execute_module("ansible.builtin.async_status", {**status, "mode": "cleanup"}, task_vars=task_vars)
                return {key: value for key, value in answer.items() if key not in INTERNAL}
            line, now = self._line(progress, task_vars), time.monotonic()
            if line and (line != shown or now - told >= QUIET) and now - told >= 5:
                shown, told = line, now
                self._display.display(f"{host}: {line} ({now - began:.0f} s)")
        return {"failed": True, "msg": f"{host}: {self.NAME}: no end within {limit} s / {limit} 秒内未结束"}

    def _line(self, progress: str, task_vars: Optional[Dict[str, Any]]) -> str:
        answer = self._execute_module("ansible.builtin.slurp", {"src": progress}, task_vars=task_vars)
        try:
            return str(json.loads(base64.b64decode(answer["content"]))["line"])
        except (KeyError, ValueError):
            return ""
