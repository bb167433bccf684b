# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk itself in an emulated machine: one first boot to a chat, with Secure Boot on, then the same disk by each
other firmware, which changes nothing. Over an hour on two idle cores; a part of its own: tests/run firmware.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import labctl
import pytest

NAME, ADDRESS = "image-firmware", "10.77.0.71"
STICK = {
    "yitiji.conf": """[appliance]
hostname = ai71
address = 10.77.0.71/24
gateway = 10.77.0.1
dns = 10.0.2.3
ssh_key = {key}
"""
}
NOCLOUD = {
    "meta-data": "instance-id: ai72\nlocal-hostname: ai72\n",
    "network-config": """version: 2
ethernets:
  eth0:
    addresses: [10.77.0.72/24]
    routes: [{{to: default, via: 10.77.0.1}}]
    nameservers: {{addresses: [10.0.2.3]}}
""",
    "user-data": "#cloud-config\nssh_authorized_keys: [{key}]\n",
}
# What makes the machine itself and its appliance; without what a start writes of its own accord, and the page's people.
TREE = (
    "find /etc /usr/local /srv/models /var/lib/yitiji -xdev -type f ! -path /etc/resolv.conf ! -name ld.so.cache"
    " ! -path '*/first-boot/page/*' ! -path '/var/lib/yitiji/open-webui/*' -exec sha256sum {} + | sort -k2"
)
JSON = ("-H", "Content-Type: application/json", "-m", "900")


class Machine:
    """The image as the disk of one machine."""

    def __init__(self, raw: Path, name: str = NAME, address: str = ADDRESS) -> None:
        self.raw, self.name, self.address = raw, name, address
        self.seed = raw.with_name(f"{name}.stick")

    def stick(self, label: str = "YITIJI", files: dict[str, str] = STICK) -> None:
        """As a customer's: FAT, with its label."""
        key = (labctl.CACHE / "ssh/id_ed25519.pub").read_text().strip()
        self.seed.unlink(missing_ok=True)
        with self.seed.open("wb") as blank:
            blank.truncate(1 << 20)
        made = ["mformat", "-i", self.seed, "-v", label, "-T", "2048", "-h", "4", "-s", "32", "::"]
        subprocess.run([str(word) for word in made], check=True)
        for file, text in files.items():
            copy = ["mcopy", "-i", str(self.seed), "-", f"::/{file}"]
            subprocess.run(copy, input=text.format(key=key), text=True, check=True)

    def boot(self, firmware: str) -> None:
        options = [] if firmware == "uefi" else [f"--{firmware}"]
        words = ["--image", str(self.raw), "--seed", str(self.seed), "--octet", self.address.rpartition(".")[2]]
        words += ["--size", "12G", "--memory", "6144", "--cpus", "2", *options]
        print(labctl.lab("vm", self.name, *words, timeout=1200), flush=True)

    def off(self) -> None:
        labctl.lab("stop", self.name, timeout=900)

    def sh(self, command: str, check: bool = True) -> str:
        return labctl.node(command, self.name, check=check, timeout=900)

    def state(self) -> dict[str, Any]:
        said = self.sh("cat /var/lib/yitiji/first-boot/state.json", check=False)
        return dict(json.loads(said)) if said.startswith("{") and said.rstrip().endswith("}") else {}

    def journal(self) -> str:
        return self.sh("journalctl -b -u yitiji-first-boot -o cat --no-pager", check=False)

    def until(self, reached: Any, seconds: float) -> None:
        """Shows the last line of its journal now and then."""
        began = told = time.monotonic()
        while not reached():
            now = time.monotonic()
            assert now - began < seconds, self.journal()[-4000:]
            if now - told > 120:
                told = now
                print(f"    {now - began:.0f} s: {(self.journal().splitlines() or [''])[-1][:110]}", flush=True)
            time.sleep(10)

    def answers(self) -> str:
        """What the model says on the chat page, signed in as its administrator, seen from the appliance's network."""
        password = self.sh(f"cat {labctl.PASSWORD_FILE}").strip()
        who = json.dumps({"email": "admin@appliance.local", "password": password})
        token = json.loads(labctl.curl(*JSON, "-d", who, f"https://{ADDRESS}/api/v1/auths/signin"))["token"]
        body = {"model": "tiny-r1-distill", "messages": [{"role": "user", "content": "?"}], "max_tokens": 40}
        session = (*JSON, "-H", f"Authorization: Bearer {token}")
        said = labctl.curl(*session, "-d", json.dumps(body), f"https://{ADDRESS}/api/chat/completions")
        return str(json.loads(said)["choices"][0]["message"]["content"]).strip()

    def page(self) -> bool:
        code = labctl.curl("-o", "/dev/null", "-w", "%{http_code}", f"https://{ADDRESS}/api/config", check=False)
        return code.endswith("200")


@pytest.fixture(scope="module")
def machine(baked: Any) -> Any:
    made = Machine(baked.raw)
    stands = os.environ.get("YITIJI_MACHINE") and made.seed.exists()  # go on with the one of a run before
    if not stands:
        labctl.lab("down", NAME, check=False)
        made.stick()
    yield made
    if not os.environ.get("YITIJI_MACHINE"):
        labctl.lab("down", NAME, check=False)
        made.seed.unlink(missing_ok=True)


def firmware(machine: Machine) -> str:
    said = machine.sh("[ -d /sys/firmware/efi ] || echo bios; mokutil --sb-state 2>/dev/null; true")
    if "bios" in said:
        return "bios"
    return "secure-boot" if "SecureBoot enabled" in said else "uefi"


def test_a_nocloud_seed_is_taken(baked):
    machine = Machine(baked.raw, "image-nocloud", "10.77.0.72")
    labctl.lab("down", machine.name, check=False)
    machine.stick("CIDATA", NOCLOUD)
    try:
        machine.boot("uefi")  # reached over SSH: address and key are those of the seed
        assert machine.sh("hostname").strip() == "ai72"
        assert "10.0.2.3" in machine.sh("resolvectl dns eth0")
        key = machine.sh("cat ~/.ssh/authorized_keys").strip()
        assert key == (labctl.CACHE / "ssh/id_ed25519.pub").read_text().strip()
    finally:
        labctl.lab("down", machine.name, check=False)
        machine.seed.unlink(missing_ok=True)


def test_its_first_boot_ends_with_a_chat(machine):
    machine.boot("secure-boot")
    assert firmware(machine) == "secure-boot"
    machine.until(lambda: machine.state().get("stage") in ("done", "failed"), seconds=3 * 3600)
    assert machine.state()["stage"] == "done", machine.journal()[-4000:]
    print(f"    first boot: {machine.state()['seconds']} s", flush=True)
    assert machine.answers()
    assert machine.sh("hostname").strip() == "ai71"


@pytest.mark.parametrize("other", ["secure-boot", "uefi", "bios"])
def test_the_next_boot_changes_nothing(machine, other):
    before = machine.sh(TREE)
    machine.off()
    machine.boot(other)
    assert firmware(machine) == other
    machine.until(lambda: "nothing to do" in machine.journal(), seconds=900)
    machine.until(machine.page, seconds=3600)
    assert machine.answers()
    after = machine.sh(TREE)
    changed = set(before.splitlines()) ^ set(after.splitlines())
    assert sorted({line.split("  ", 1)[1] for line in changed}) == []
