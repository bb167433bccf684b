# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node with a stand-in for apt, and the module run on it as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
MODULE = ROOT / "plugins/modules/managed_packages.py"
OFFERED = {
    "nginx": {"versions": ["1.18.0-1", "1.22.1-9"], "depends": ["nginx-common"], "units": ["nginx.service"]},
    "nginx-common": {"versions": ["1.22.1-9"], "depends": []},
    "nginx-module": {"versions": ["1"], "depends": ["nginx"]},
    "openssl": {"versions": ["3.0"]},
    "chrony": {"versions": ["4.3"], "conflicts": ["systemd-timesyncd"]},
    "systemd-timesyncd": {"versions": ["252"]},
    "prometheus": {"versions": ["2.42"], "depends": ["nginx-common"], "units": ["prometheus.service"]},
    "old-library": {"versions": ["1"]},
}


class Node:
    def __init__(self, home: Path, offered: dict[str, Any] = OFFERED) -> None:
        self.home, self.state_dir = home, home / "state"
        self.environment = {
            **os.environ,
            "PATH": f"{home}/bin:{os.environ['PATH']}",
            "FAKE_APT": str(home),
            "PYTHONPATH": str(ROOT / ".collections"),
        }
        for name in ("apt-get", "apt-mark", "apt-config", "dpkg", "dpkg-query", "systemctl"):
            (home / "bin").mkdir(exist_ok=True)
            (home / "bin" / name).symlink_to(Path(__file__).with_name("fake_apt.py"))
        self.write({"offered": offered, "installed": {}, "config": [], "held": []})

    def write(self, state: dict[str, Any]) -> None:
        (self.home / "state.json").write_text(json.dumps(state))

    def read(self) -> dict[str, Any]:
        return json.loads((self.home / "state.json").read_text())

    def has(self, name: str, version: str = "1", auto: bool = False, **more: str) -> None:
        """It is there already."""
        state = self.read()
        state["installed"][name] = {"version": version, "auto": auto, **more}
        self.write(state)

    def installed(self) -> dict[str, str]:
        return {name: package["version"] for name, package in self.read()["installed"].items()}

    def record(self, owner: str = "gateway") -> dict[str, Any]:
        path = self.state_dir / "packages" / f"{owner}.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def calls(self) -> list[str]:
        path = self.home / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def masks(self) -> list[str]:
        found = [p for p in (self.home / "root").rglob("*.service") if p.is_symlink()]
        return sorted(str(p.relative_to(self.home / "root")) for p in found)

    def start(self, check: bool = False, **given: Any) -> subprocess.Popen[str]:
        arguments = {
            "owner": "gateway",
            "state_dir": str(self.state_dir),
            "unit_root": str(self.home / "root"),
            **given,
        }
        self.given = {"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_check_mode": check, "_ansible_diff": True}}
        process = subprocess.Popen(
            [sys.executable, MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment,
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(json.dumps(self.given))
        process.stdin.close()
        process.stdin = None
        return process

    def call(self, argv: list[str], seconds: float) -> tuple[int, str]:
        """One command of the stand-in, as a core of the collection calls it."""
        done = subprocess.run(
            argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment,
            timeout=seconds,
        )  # fmt: skip
        return done.returncode, done.stdout

    def run(self, check: bool = False, **given: Any) -> dict[str, Any]:
        out, err = self.start(check, **given).communicate(timeout=60)
        assert out, err
        return json.loads(out)

    def four_states(self, **given: Any) -> list[dict[str, Any]]:
        answers = [self.run(check, **given) for check in (True, False, True, False)]
        assert [answer.get("changed") for answer in answers] == [True, True, False, False], answers
        return answers


def wait_for(what: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)
