# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of a file of Ansible's, also those inside blocks, and the steps of a task that runs several together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TOGETHER = "yitiji.deepseek.together"
PARTS = ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks")
Task = dict[str, Any]


def tasks_of(entries: list[Task] | None) -> Iterator[Task]:
    """Every task with its steps after it: a step is written like a task, and keeps the same rules."""
    for entry in entries or []:
        yield entry
        if TOGETHER in entry:
            yield from entry[TOGETHER]["steps"]
        for part in PARTS:
            yield from tasks_of(entry.get(part))
