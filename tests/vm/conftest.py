# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two virtual machines, booted side by side, for all tests: Secure Boot on, and off; a card's stand-in in both."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
import labctl
import sitectl
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.zipapp import pack
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules

VMS = {"vm-secure": ("31", "--secure-boot"), "vm-plain": ("32",)}
CARD = "0000:17:00.0"
BAD = ("fail", "warn")
CONFIG: dict[str, Any] = {
    "language": "both",
    "plan": {
        "schema": 2,
        "verdict": "fits",
        "model": {"id": "lab/tiny", "path": "/srv/models/lab/tiny", "bytes": 10**6},
        "engine": {"name": "vllm", "device": "cuda"},
        "needs": {"memory_bytes": 10**6, "ports": [8000], "disk_bytes": {}},
    },
    "settings": {"source": "directory", "source_dir": "/srv", "ports": {"engine": 8000}},
}


class Vm:
    """One machine, and what the tests ask of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.address = f"10.77.0.{VMS[name][0]}"
        self.files = labctl.CACHE / "run" / os.environ["YITIJI_LAB"] / "nodes"

    def sh(self, command: str, check: bool = True) -> str:
        return labctl.node(command, self.name, check=check, timeout=300)

    def put(self, path: str, content: str | bytes, mode: str = "644") -> None:
        data = content.encode() if isinstance(content, str) else content
        command = f"mkdir -p $(dirname {path}); cat > {path}; chmod {mode} {path}"
        subprocess.run([str(labctl.LAB), "ssh", self.name, command], input=data, check=True, timeout=120)

    def stand_in(self) -> None:
        """Modules under NVIDIA's names, as if dkms had made them."""
        self.put("/root/stand_in.py", (Path(__file__).parent / "stand_in.py").read_text())
        self.sh("python3 /root/stand_in.py")

    def boot_id(self) -> str:
        return self.sh("cat /proc/sys/kernel/random/boot_id").strip()

    def loaded(self, module: str) -> bool:
        return f"\n{module} " in "\n" + self.sh("cat /proc/modules")

    def doctor(self, phase: str = "pre") -> dict[str, dict[str, Any]]:
        """Rule -> result, of those that found something bad."""
        said = self.sh(f"yitiji-doctor --phase {phase} --json -", check=False)
        return {r["id"]: r for r in json.loads(said)["results"] if r["status"] in BAD}

    def driver(self, run: str, *options: str) -> sitectl.Run:
        """The role nvidia_driver on this machine, as ansible-playbook runs it."""
        return sitectl.site(
            f"vm-{run}", "-l", self.name, *options, playbook="tests/vm/driver.yml", inventory=("tests/vm/hosts.yml",)
        )

    def tree(self) -> str:
        """All that a driver's installation would touch."""
        return self.sh(
            "find /etc /boot /usr /var/lib/dpkg /var/lib/dkms /var/lib/yitiji -xdev -type f,l "
            "-printf '%p %s %m %T@\\n' 2>/dev/null | sort | sha256sum"
        )

    def reached_again(self, before: str, seconds: float = 900) -> None:
        """Wait until another boot than that one answers."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.sh("cat /proc/sys/kernel/random/boot_id", check=False).strip() not in ("", before):
                return
            time.sleep(1)
        raise AssertionError(f"{self.name} did not come back; its serial line ends:\n{self.serial()[-2000:]}")

    def serial(self) -> str:
        return (self.files / f"{self.name}.serial").read_text(errors="replace")


@pytest.fixture(scope="session", name="booting")
def fixture_booting(request):
    """What the chosen tests need, started at once; a test waits for its own. Those that were up before stay up."""
    wanted = {f"vm-{name}" for item in request.session.items for name in item.fixturenames}
    labctl.OUTPUT.mkdir(parents=True, exist_ok=True)
    labctl.lab("up")
    before, starts = labctl.lab("ls"), {}
    kept = [name for name in VMS if re.search(rf"^{name} .* up$", before, re.MULTILINE)]
    for name, (octet, *options) in VMS.items():
        if name not in wanted:
            continue
        if name not in kept:
            labctl.lab("down", name, check=False)
        with (labctl.OUTPUT / f"{name}.log").open("w") as log:
            command = [str(labctl.LAB), "vm", name, "--octet", octet, "--card", *options]
            starts[name] = subprocess.Popen(command, stdout=log, stderr=log)
    yield starts
    for name, start in starts.items():
        start.terminate()
        start.wait()
        if name not in kept:
            labctl.lab("down", name, check=False)


def booted(starts: dict[str, subprocess.Popen], name: str) -> Vm:
    assert starts[name].wait(timeout=1200) == 0, (labctl.OUTPUT / f"{name}.log").read_text()
    vm = Vm(name)
    vm.put("/etc/yitiji/doctor.json", json.dumps(dict(CONFIG, host=name)), "600")
    packed = pack(str(ROOT / "plugins" / "module_utils"), "_doctor.cli", load_rules())
    vm.put("/usr/local/bin/yitiji-doctor", packed, "755")
    return vm


@pytest.fixture(scope="session", name="secure")
def fixture_secure(booting):
    return booted(booting, "vm-secure")


@pytest.fixture(scope="session", name="plain")
def fixture_plain(booting):
    return booted(booting, "vm-plain")
