# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run asked of its nodes, task by task, as the callback plugin in tests/callbacks counted it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CALLBACKS = Path(__file__).resolve().parents[1] / "callbacks"
Row = dict[str, Any]


def environment(file: Path) -> dict[str, str]:
    """With it, ansible-playbook writes its count into that file."""
    file.unlink(missing_ok=True)
    return {
        "YITIJI_TRIPS": str(file),
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "yitiji.deepseek.explained,yitiji.deepseek.once,trips",
    }


@dataclass
class Sum:
    """Of some tasks. A round trip is a command, or a file, that went to a node over its connection."""

    executed: int = 0  # on the controller or a node, the skipped ones too
    reaching: int = 0  # that went to a node
    trips: int = 0
    sent: int = 0  # bytes
    wall: float = 0.0
    cpu: float = 0.0  # of the process that executes the task, and of what it starts

    def add(self, row: Row) -> None:
        self.executed += 1
        self.reaching += row["trips"] > 0
        self.trips += row["trips"]
        self.sent += row["sent"]
        self.wall += row["wall"]
        self.cpu += row["cpu"]


@dataclass
class Count:
    rows: list[Row] = field(repr=False)
    seconds: float
    own: float  # CPU of ansible-playbook itself
    workers: float  # and of all that it started

    def total(self, host: str = "") -> Sum:
        return added(row for row in self.rows if host in ("", row["host"]))

    def by(self, key: str) -> dict[str, Sum]:
        """In the order of the run."""
        groups: dict[str, list[Row]] = {}
        for row in self.rows:
            groups.setdefault(row[key] or "-", []).append(row)
        return {name: added(rows) for name, rows in groups.items()}

    def story(self, most: int = 200) -> str:
        """Each task that went to a node."""
        went = [row for row in self.rows if row["trips"]]
        return "\n".join(f"{row['trips']:3} {row['host']} {row['role']}: {row['task']}" for row in went[:most])


def added(rows: Iterable[Row]) -> Sum:
    found = Sum()
    for row in rows:
        found.add(row)
    return found


def read(file: Path) -> Count:
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    marks = [row for row in rows if row["kind"] != "task"]
    end = marks[-1]
    return Count(
        rows=[row for row in rows if row["kind"] == "task"],
        seconds=end["at"] - marks[0]["at"],
        own=end["own"],
        workers=end["workers"],
    )
