# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody inserts a stick into a machine that was set up long ago, and restarts it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import identity
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import run as boot

EVIL = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEvilEvilEvilEvilEvilEvilEvilEvilEvilEvilEvi evil"


class Machine:
    """The files of one that stands, and its stick."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stick, self.keys = place / "stick", place / "authorized_keys"
        self.stick.mkdir()
        for name in ("SETTINGS", "STATE", "COMPLETED"):
            monkeypatch.setattr(boot, name, str(place / name))
        monkeypatch.setattr(identity, "KEYS", str(self.keys))
        monkeypatch.setattr(identity, "CONFIG", str(place / "config"))
        self.taken: list[dict[str, object]] = []
        monkeypatch.setattr(boot.who, "take", self.taken.append)
        self.admin = self.key(place / "admin")
        self.keys.write_text(f"{self.public(self.admin)}\n")
        self.boot(ssh_key=self.public(self.admin), hostname="ai01", admin_networks="10.0.9.0/24")
        Path(boot.COMPLETED).touch()

    @staticmethod
    def key(path: Path) -> Path:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
        return path

    @staticmethod
    def public(key: Path) -> str:
        return key.with_name(key.name + ".pub").read_text().strip()

    def write(self, **settings: str) -> Path:
        path = self.stick / "yitiji.conf"
        path.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        return path

    def sign(self, key: Path, namespace: str = "yitiji-first-boot") -> None:
        (self.stick / "yitiji.conf.sig").unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", key, self.stick / "yitiji.conf"]
        subprocess.run(command, check=True, capture_output=True)

    def restart(self) -> dict[str, object]:
        boot.identity(lambda: identity.read_folder(str(self.stick)))
        return self.taken[-1]

    def boot(self, **settings: str) -> dict[str, object]:
        self.write(**settings)
        return self.restart()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


@pytest.mark.parametrize("name, value", [("ssh_key", EVIL), ("admin_networks", "0.0.0.0/0"), ("profile", "flagship")])
def test_an_unsigned_stick(machine, name, value):
    before = machine.taken[-1].get(name)
    found = machine.boot(hostname="ai01", **{name: value})
    assert found.get(name) == before and "LLM963" in found["notice"]


def test_an_unsigned_stick_after_one_that_is_not_valid(machine):
    machine.boot(nonsense="1")
    found = machine.boot(ssh_key=EVIL)
    assert found["ssh_key"] != EVIL


def test_an_unsigned_seed_of_a_hypervisor(machine):
    (machine.stick / "yitiji.conf").unlink()
    (machine.stick / "meta-data").write_text("local-hostname: ai01\n")
    (machine.stick / "user-data").write_text(f"#cloud-config\nssh_authorized_keys: ['{EVIL}']\n")
    assert machine.restart()["ssh_key"] != EVIL


@pytest.mark.parametrize("harm", ["stranger", "another purpose", "changed afterwards", "the signature of another file",
                                  "a key with restrictions", "no serial"])  # fmt: skip
def test_a_signature_that_does_not_count(machine, tmp_path, harm):
    serial = {} if harm == "no serial" else {"serial": "7"}
    machine.write(ssh_key=EVIL, **serial)
    key = machine.key(tmp_path / "stranger") if harm == "stranger" else machine.admin
    if harm == "a key with restrictions":
        machine.keys.write_text(f'command="backup",restrict {machine.public(machine.admin)}\n')
    machine.sign(key, "file" if harm == "another purpose" else "yitiji-first-boot")
    if harm == "changed afterwards":
        machine.write(ssh_key=EVIL, hostname="ai02", serial="7")
    if harm == "the signature of another file":
        machine.write(hostname="ai02", serial="7")
        machine.sign(key)
        machine.write(ssh_key=EVIL, serial="7")
    assert machine.restart()["ssh_key"] != EVIL


def test_an_old_signed_stick_brings_no_old_key_back(machine):
    machine.write(ssh_key=EVIL, serial="1")
    machine.sign(machine.admin)
    old = {name: (machine.stick / name).read_bytes() for name in ("yitiji.conf", "yitiji.conf.sig")}
    assert machine.restart()["ssh_key"] == EVIL, "signed: taken"
    machine.write(ssh_key=machine.public(machine.admin), serial="2")
    machine.sign(machine.admin)
    assert machine.restart()["ssh_key"] == machine.public(machine.admin)
    for name, data in old.items():
        (machine.stick / name).write_bytes(data)
    assert machine.restart()["ssh_key"] != EVIL


@pytest.mark.parametrize("name", ["yitiji.conf", "meta-data", "user-data", "network-config", "yitiji.conf.sig"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_link_shows_no_file_of_the_machine(machine, tmp_path, name, kind):
    """On the page of the first boot, as part of an error: ISO 9660 has links."""
    secret = tmp_path / "shadow"
    secret.write_text("root:$6$secret: [\n")
    (machine.stick / "yitiji.conf").unlink()
    (machine.stick / ("yitiji.conf" if name.endswith(".sig") else "meta-data")).write_text("")
    path = machine.stick / name
    path.unlink(missing_ok=True)
    if kind == "link":
        path.symlink_to(secret)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    found = machine.restart()
    assert "secret" not in str(found) and found["hostname"] == "ai01"


def test_a_file_of_a_gigabyte_is_not_read(machine):
    with (machine.stick / "yitiji.conf").open("wb") as stream:
        stream.truncate(2**30)
    assert machine.restart()["hostname"] == "ai01"


@pytest.mark.parametrize("text", ["a: [", "[" * 5000, "!!python/object/apply:os.system ['true']", "\x00", "- 1"])
def test_a_seed_that_cannot_be_read(machine, text):
    """Else the machine has no network at this boot."""
    (machine.stick / "yitiji.conf").unlink()
    (machine.stick / "meta-data").write_text(text)
    found = machine.restart()
    assert found["hostname"] == "ai01" and "LLM956" in found["notice"]


@pytest.mark.parametrize("part, text", [
    ("network-config", "network: 1"), ("network-config", "ethernets: [1]"), ("network-config", "ethernets: {1: 2}"),
    ("network-config", "ethernets: {a: {addresses: {}}}\n"), ("network-config", "ethernets: {a: {routes: [1]}}"),
    ("network-config", "ethernets: {a: {match: 1, nameservers: []}}"), ("user-data", "ssh_authorized_keys: {a: 1}"),
    ("user-data", "ssh_authorized_keys: 7"), ("meta-data", "local-hostname: [x, y]"),
])  # fmt: skip
def test_a_seed_of_another_shape(machine, part, text):
    (machine.stick / "yitiji.conf").unlink()
    (machine.stick / "meta-data").write_text("")
    (machine.stick / part).write_text(text)
    assert machine.restart()["ssh_key"] == machine.public(machine.admin)
