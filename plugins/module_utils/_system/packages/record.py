# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each owner (a role) brought onto a node, in a file for each; files of earlier versions are read too."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import bare

FOLDER = "packages"
# Once each role kept a list of names of its own; host_tuning kept dpkg's answer of before.
EARLIER = {
    "docker": "docker-packages",
    "firewall": "firewall-packages",
    "gateway": "gateway-packages",
    "host_tuning": "time-packages",
    "monitoring": "monitoring-packages",
    "nvidia_container_toolkit": "nvidia-container-toolkit-packages",
}


class Record:
    """`ours`: not there before any owner wanted them; `along`: came as their dependencies.

    The record of an earlier version does not know what came along: `along` is None then.
    """

    def __init__(self, state_dir: str, owner: str) -> None:
        self.owner = owner
        self.path = os.path.join(state_dir, FOLDER, f"{owner}.json")
        self.earlier = os.path.join(state_dir, EARLIER[owner]) if owner in EARLIER else ""
        self.before = read_text(self.path)
        self.of_earlier = not self.before and bool(self.earlier) and os.path.exists(self.earlier)
        data: Dict[str, Any] = json.loads(self.before or "{}")
        if self.of_earlier:
            data = read_earlier(owner, read_text(self.earlier))
        self.wanted: List[str] = data.get("wanted", [])
        self.ours: List[str] = data.get("ours", [])
        self.along: Optional[List[str]] = data.get("along", [])
        self.displaced: List[str] = data.get("displaced", [])
        self.held: List[str] = data.get("held", [])
        self.masked: List[str] = data.get("masked", [])
        self.unfinished: bool = data.get("unfinished", False)

    def brought(self) -> List[str]:
        return [*self.ours, *(self.along or [])]

    def text(self) -> str:
        names = ("wanted", "ours", "along", "displaced", "held", "masked")
        data = {name: getattr(self, name) for name in names}
        for name, value in data.items():
            if value is not None:
                data[name] = sorted(set(value))
        return json.dumps({**data, "unfinished": self.unfinished}, indent=2) + "\n"

    def differs(self) -> bool:
        """Whether there is something to write; an owner who never wanted anything gets no file."""
        return self.text() != self.before and bool(self.before or self.of_earlier or self.wanted)

    def save(self) -> None:
        if self.differs():
            self.before = self.text()
            write_atomic(self.path, self.before, 0o644)
        self._drop_earlier()

    def delete(self) -> None:
        if os.path.exists(self.path):
            os.unlink(self.path)
            if not os.listdir(os.path.dirname(self.path)):
                os.rmdir(os.path.dirname(self.path))
        self._drop_earlier()

    def exists(self) -> bool:
        return bool(self.before) or self.of_earlier

    def _drop_earlier(self) -> None:
        if self.earlier and os.path.exists(self.earlier):
            os.unlink(self.earlier)


def others(state_dir: str, owner: str) -> List[Record]:
    """The records of all other owners."""
    names = {path.stem for path in Path(state_dir, FOLDER).glob("*.json")}
    names |= {name for name, file in EARLIER.items() if os.path.exists(os.path.join(state_dir, file))}
    return [Record(state_dir, name) for name in sorted(names - {owner})]


def read_earlier(owner: str, text: str) -> Dict[str, Any]:
    """The record that an earlier version wrote."""
    lines = text.split()
    if owner == "host_tuning":
        replaced = [line.split("/")[1] for line in lines if line.startswith("installed/systemd-timesyncd/")]
        return {"wanted": ["chrony"], "ours": ["chrony"], "along": None, "displaced": replaced}
    names = [bare(line) for line in lines]
    return {"wanted": names, "ours": names, "along": None}


def ours_of(text: str, earlier: str) -> List[str]:
    """Names from an owner's record or, where there is none, from that of an earlier version."""
    if text:
        found: List[str] = json.loads(text).get("ours", [])
        return found
    return [bare(name) for name in earlier.split()]
