# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far the load of an image is, while the module works on the node."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase

NAME = "yitiji.deepseek.container_image"
SLACK = 120  # seconds for asking archives and registries, beside the load itself


class ActionModule(ActionBase):
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        if self._task.async_val or self._task.check_mode:
            answer = self._execute_module(NAME, args, task_vars=task_vars, wrap_async=bool(self._task.async_val))
            return {**result, **answer}
        # What is there already, or cannot come, is told at once; only a real transfer is worth a background job.
        first = self._dry(args, task_vars)
        if first.get("failed") or not first.get("changed"):
            return {**result, **first}
        return {**result, **self._watched(args, task_vars)}

    def _dry(self, args: Dict[str, Any], task_vars: Optional[Dict[str, Any]]) -> Dict[str, Any]:
        answer: Dict[str, Any] = self._execute_module(NAME, {**args, "dry_run": True}, task_vars=task_vars)
        return answer

    def _watched(self, args: Dict[str, Any], task_vars: Optional[Dict[str, Any]]) -> Dict[str, Any]:
        host = str((task_vars or {}).get("inventory_hostname", ""))
        progress = f"/run/yitiji-image-{uuid.uuid4().hex}.json"
        limit = int(args.get("timeout", 3600)) + SLACK
        self._task.async_val = limit
        try:
            job = self._execute_module(NAME, {**args, "progress": progress}, task_vars=task_vars, wrap_async=True)
        finally:
            self._task.async_val = 0
        if job.get("failed") or "ansible_job_id" not in job:
            return dict(job)
        try:
            return self._follow(job, progress, host, limit, task_vars)
        finally:
            self._execute_module("ansible.builtin.file", {"path": progress, "state": "absent"}, task_vars=task_vars)

    def _follow(
        self, job: Dict[str, Any], progress: str, host: str, limit: int, task_vars: Optional[Dict[str, Any]]
    ) -> Dict[str, Any]:
        began, shown = time.monotonic(), ""
        status = {"jid": job["ansible_job_id"], "_async_dir": self.get_shell_option("async_dir", "~/.ansible_async")}
        while time.monotonic() - began < limit + SLACK:
            time.sleep(3)
            answer: Dict[str, Any] = self._execute_module(
                "ansible.builtin.async_status", {**status, "mode": "status"}, task_vars=task_vars
            )
            if answer.get("finished") in (1, True) or answer.get("failed"):
                self._execute_module("ansible.builtin.async_status", {**status, "mode": "cleanup"}, task_vars=task_vars)
                for key in ("ansible_job_id", "started", "finished", "results_file", "stdout", "stderr"):
                    answer.pop(key, None)
                return answer
            line = self._line(progress, task_vars)
            if line and line != shown:
                shown = line
                self._display.display(f"{host}: {line}")
        return {"failed": True, "msg": f"[LLM310] {host}: no end of the load within {limit} s"}

    def _line(self, progress: str, task_vars: Optional[Dict[str, Any]]) -> str:
        answer = self._execute_module("ansible.builtin.slurp", {"src": progress}, task_vars=task_vars)
        try:
            return str(json.loads(base64.b64decode(answer["content"]))["line"])
        except (KeyError, ValueError):
            return ""
