# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way to watch a long job: the module works in the background and keeps a line of progress, which is shown."""

from __future__ import annotations

import contextlib
import json
import shlex
import time
import uuid
from typing import Any, ClassVar, Dict, Optional

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import failed, framed

Vars = Optional[Dict[str, Any]]
PAUSES = (0.5, 1.0, 2.0, 3.0)  # seconds between two looks; the last one repeats
SLACK = 300  # seconds beside the module's own limit
GRACE = 60.0  # seconds that a node may be away
APART = 5.0  # seconds between two lines
REPEAT = 30.0  # seconds after which the same line is shown again
INTERNAL = ("ansible_job_id", "started", "finished", "results_file", "stdout", "stdout_lines", "stderr", "stderr_lines")


class Watched(ActionBase):
    """A subclass names its module; what differs from job to job are the methods below."""

    NAME: ClassVar[str] = ""
    ASK: ClassVar[float] = 3.0  # seconds between two questions whether the job has ended
    DONE: ClassVar[Dict[str, Any]] = {"changed": False}  # of the first look, where no job follows

    @property
    def nothing_more(self) -> Any:
        """By which answer a task that runs several steps together knows that this one has ended."""
        return self._task.check_mode or self.DONE

    def first_look(self, args: Dict[str, Any], task_vars: Vars) -> Optional[Dict[str, Any]]:
        """The answer where no background job is wanted: by default where check mode finds nothing to change."""
        answer = self.in_check_mode(args, task_vars)
        return None if answer.get("failed") or answer.get("changed") else answer

    def limit(self, args: Dict[str, Any]) -> int:
        """How long the module may take, in seconds."""
        return int(args.get("timeout") or 3600) + SLACK

    def job(self, _args: Dict[str, Any]) -> Dict[str, Any]:
        """Arguments that only the job in the background gets."""
        return {"progress": f"/run/yitiji-{uuid.uuid4().hex}.json"}

    def progress(self, args: Dict[str, Any]) -> str:
        """The file in which the job keeps how far it is."""
        return str(args["progress"])

    def lease(self, _args: Dict[str, Any]) -> str:
        """A file to touch at every look, for a job that ends when nobody watches it any more."""
        return ""

    def line(self, state: Dict[str, Any]) -> str:
        return str(state.get("line") or "")

    def elapsed(self, seconds: float, _args: Dict[str, Any]) -> str:
        return f"{seconds:.0f} s"

    def too_long(self, limit: int) -> Refusal:
        """Of a job that neither ended nor gave up by itself."""
        return Refusal("LLM119", job=self.NAME, seconds=limit)

    def in_check_mode(self, args: Dict[str, Any], task_vars: Vars) -> Dict[str, Any]:
        self._task.check_mode = True
        try:
            answer: Dict[str, Any] = self._execute_module(self.NAME, args, task_vars=task_vars)
            return answer
        finally:
            self._task.check_mode = False

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Vars = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        if self._task.async_val or self._task.check_mode:
            answer = self._execute_module(self.NAME, args, task_vars=task_vars, wrap_async=bool(self._task.async_val))
            return {**result, **answer}
        first = self.first_look(args, task_vars)
        return {**result, **(self._watch({**args, **self.job(args)}, task_vars) if first is None else first)}

    def _watch(self, args: Dict[str, Any], task_vars: Vars) -> Dict[str, Any]:
        self._task.async_val = self.limit(args)
        try:
            job: Dict[str, Any] = self._execute_module(self.NAME, args, task_vars=task_vars, wrap_async=True)
        finally:
            self._task.async_val = 0
        if job.get("failed") or "ansible_job_id" not in job:
            return job
        status = {"jid": job["ansible_job_id"], "_async_dir": self.get_shell_option("async_dir", "~/.ansible_async")}
        try:
            answer = self._follow(status, args, task_vars)
        finally:
            left = [path for path in (self.lease(args), args.get("progress")) if path]
            with contextlib.suppress(AnsibleConnectionFailure):
                self._low_level_execute_command("rm -f " + " ".join(shlex.quote(path) for path in left))
        self._ask(status, "cleanup", task_vars)
        return {key: value for key, value in answer.items() if key not in INTERNAL}

    def _follow(self, status: Dict[str, Any], args: Dict[str, Any], task_vars: Vars) -> Dict[str, Any]:
        host, limit = str((task_vars or {}).get("inventory_hostname", "")), self.limit(args)
        began = seen = asked = time.monotonic()
        shown, shown_at, turn = "", began - APART + 2, 0
        while time.monotonic() - began < limit + SLACK:
            time.sleep(PAUSES[min(turn, len(PAUSES) - 1)])
            turn += 1
            try:
                state = self._state(args)
                now = time.monotonic()
                if state is None or state.get("state") == "failed" or now - asked >= self.ASK:
                    asked = now
                    answer = self._ask(status, "status", task_vars)
                    if answer.get("finished") or answer.get("failed"):
                        return answer
                seen = now
            except AnsibleConnectionFailure:
                if time.monotonic() - seen > GRACE:
                    raise
                continue
            line = self.line(state) if state else ""
            if line and now - shown_at >= (APART if line != shown else REPEAT):
                shown, shown_at = line, now
                self._display.display(f"{host}: {line} ({self.elapsed(now - began, args)})")
        return failed(self.too_long(limit), host)

    def _ask(self, status: Dict[str, Any], mode: str, task_vars: Vars) -> Dict[str, Any]:
        answer: Dict[str, Any] = self._execute_module(
            "ansible.builtin.async_status", {**status, "mode": mode}, task_vars=task_vars
        )
        return answer

    def _state(self, args: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        """What the job says of itself; the node learns by it that somebody is still there."""
        lease = self.lease(args)
        touch = f"touch -c {shlex.quote(lease)}; " if lease else ""
        answer = self._low_level_execute_command(f"{touch}cat {shlex.quote(self.progress(args))}")
        try:
            state = json.loads(answer.get("stdout") or "")
        except ValueError:
            return None
        return state if isinstance(state, dict) else None
