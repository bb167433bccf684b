# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what a run sends to its nodes. Enabled by tests/lib/tripsctl.py alone; it is no part of the collection."""

from __future__ import annotations

DOCUMENTATION = r"""
name: trips
type: notification
short_description: Writes what each task asked of the nodes
description:
  - One line of JSON a task and host into the file that the variable YITIJI_TRIPS names.
"""

import functools
import json
import os
import time
from typing import Any

from ansible.executor.task_executor import TaskExecutor
from ansible.plugins.callback import CallbackBase
from ansible.plugins.connection.ssh import Connection

FILE = os.environ.get("YITIJI_TRIPS", "")
now = {"trips": 0, "sent": 0, "received": 0}  # of the task that this process executes


def told(**row: Any) -> None:
    with open(FILE, "a", encoding="utf-8") as stream:
        stream.write(json.dumps(row) + "\n")


def counted(method: Any) -> Any:
    @functools.wraps(method)
    def call(self: Any, first: Any, *given: Any, **named: Any) -> Any:
        now["trips"] += 1
        content = named.get("in_data") or (given[0] if given else None)
        if method.__name__ == "exec_command":
            now["sent"] += len(first) + len(content or b"")
        elif method.__name__ == "put_file":
            now["sent"] += os.path.getsize(first)
        found = method(self, first, *given, **named)
        if method.__name__ == "exec_command":
            now["received"] += len(found[1])
        return found

    return call


def measured(run: Any) -> Any:
    @functools.wraps(run)
    def call(self: Any) -> Any:
        before, started = os.times(), time.monotonic()
        found = run(self)
        after = os.times()
        task = self._task
        told(
            kind="task",
            host=str(self._host),
            role=task._role.get_name() if task._role else "",
            task=task.name or task.action,
            action=task.action,
            wall=time.monotonic() - started,
            cpu=sum(after[:4]) - sum(before[:4]),
            failed=bool(found.get("failed")) if isinstance(found, dict) else False,
            changed=bool(found.get("changed")) if isinstance(found, dict) else False,
            **now,
        )
        return found

    return call


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "trips"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if FILE and not hasattr(TaskExecutor.run, "__wrapped__"):
            # Here, before the first worker is forked: each of them counts for its one task.
            TaskExecutor.run = measured(TaskExecutor.run)
            for name in ("exec_command", "put_file", "fetch_file"):
                setattr(Connection, name, counted(getattr(Connection, name)))

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._mark(task)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self._mark(task)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        used = os.times()
        told(kind="end", at=time.monotonic(), own=used[0] + used[1], workers=used[2] + used[3])

    def _mark(self, task: Any) -> None:
        used = os.times()
        role = task._role.get_name() if task._role else ""
        told(kind="start", at=time.monotonic(), own=used[0] + used[1], workers=used[2] + used[3],
             role=role, task=task.name or task.action, action=task.action)  # fmt: skip
