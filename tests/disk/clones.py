# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones of a sealed tree as containers of the lab: the same first boot as on a disk, at the machine's own speed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
import labctl

STORE = labctl.CACHE / "store"
RUN = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import machine as m; "
    "m.start(sys.argv[2], sys.argv[3], 'br0') if sys.argv[4] == 'start' else m.stop(sys.argv[2], sys.argv[3])"
)
# interface: a container's is not a card's
SETTINGS = """hostname = {name}
interface = host0
address = 10.77.0.{octet}/24
gateway = 10.77.0.1
dns = 10.0.2.3
language = both
"""


def golden(tree: Path) -> Path:
    """The sealed tree, where snapshots of it take no time."""
    place = STORE / f"golden-{os.environ['YITIJI_LAB']}"
    forget(place)
    subprocess.run(["btrfs", "-q", "subvolume", "create", place], check=True)
    subprocess.run(["cp", "-a", f"{tree}/.", place], check=True)
    return place


def forget(place: Path) -> None:
    if place.exists():
        subprocess.run(["btrfs", "-q", "subvolume", "delete", place], check=True)


class Clone:
    """One machine from the image."""

    def __init__(self, source: Path, name: str, octet: int) -> None:
        self.name, self.address = name, f"10.77.0.{octet}"
        self.tree = STORE / f"clone-{os.environ['YITIJI_LAB']}-{name}"
        forget(self.tree)
        subprocess.run(["btrfs", "-q", "subvolume", "snapshot", source, self.tree], check=True)
        self.write("etc/yitiji/first-boot.d/yitiji.conf", SETTINGS.format(name=name, octet=octet))
        # the store is btrfs, for which Docker would take another driver than the image was filled with
        self.write("etc/systemd/system/docker.service.d/lab.conf", "[Service]\nEnvironment=DOCKER_DRIVER=overlay2\n")

    def write(self, path: str, text: str) -> None:
        (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
        (self.tree / path).write_text(text)

    def read(self, path: str) -> str:
        file = self.tree / path
        return file.read_text(errors="replace") if file.exists() else ""

    def power(self, word: str) -> None:
        command = [ROOT / "lab/python", "-c", RUN, ROOT / ".collections", self.tree, self.name, word]
        subprocess.run([str(c) for c in command], check=True, timeout=180)

    def state(self) -> dict[str, Any]:
        return dict(json.loads(self.read("var/lib/yitiji/first-boot/state.json") or "{}"))

    def wait(self, *stages: str, seconds: float = 1800) -> float:
        """Until its first boot is at one of these; how long that took."""
        began = time.monotonic()
        while self.state().get("stage") not in stages:
            assert time.monotonic() - began < seconds, f"{self.name}: {self.state()}\n{self.journal()[-3000:]}"
            time.sleep(2)
        return time.monotonic() - began

    def journal(self, *more: str) -> str:
        """Of its first boot; `more` are options of journalctl."""
        folder = self.tree / "var/log/journal"
        told = ["journalctl", "-D", folder, "-u", "yitiji-first-boot", "-o", "cat", "--no-pager", *more]
        return subprocess.run([str(t) for t in told], capture_output=True, text=True, check=False).stdout

    def until_it_said(self, words: str, seconds: float = 300) -> None:
        """In the journal of this boot."""
        began = time.monotonic()
        while words not in self.journal("-b"):
            assert time.monotonic() - began < seconds, self.journal("-b")[-3000:]
            time.sleep(2)

    def page(self) -> str:
        return labctl.curl(f"http://{self.address}/first-boot/")

    def down(self) -> None:
        self.power("stop")
        for path in self.tree.parent.glob(f"{self.tree.name}.*"):
            path.unlink()
        forget(self.tree)


def files(clone: Clone, *patterns: str) -> dict[str, str]:
    """{path: content} of what makes a machine itself."""
    found = [p for pattern in patterns for p in sorted(clone.tree.glob(pattern)) if p.is_file()]
    return {str(p.relative_to(clone.tree)): p.read_text(errors="replace") for p in found}


def tools() -> bool:
    return bool(shutil.which("mmdebstrap") and shutil.which("systemd-nspawn"))
