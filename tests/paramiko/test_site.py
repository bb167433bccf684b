# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml over Ansible's other SSH implementation, with host keys checked."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import labctl
import pytest
import sitectl

INVENTORY = ("tests/paramiko/paramiko.yml",)


@pytest.fixture(scope="module", autouse=True)
def bare_node():
    labctl.hub_reset()
    labctl.clean_node()


def home(folder: Path) -> Path:
    """Paramiko reads the host keys of the user's home: one with the lab's keys in it."""
    (folder / ".ssh").mkdir(mode=0o700)
    shutil.copy(labctl.CACHE / "run" / os.environ["YITIJI_LAB"] / "known_hosts", folder / ".ssh/known_hosts")
    return folder


def test_installs_and_changes_nothing_the_second_time(tmp_path):
    place = {"HOME": str(home(tmp_path))}
    run = sitectl.site("paramiko", inventory=INVENTORY, env=place)
    assert run.ok, run.story()
    run = sitectl.site("paramiko-second", inventory=INVENTORY, env=place)
    assert run.ok, run.story()
    assert run.changes() == []
    assert labctl.NODE in run.recap()


def test_a_foreign_host_key_is_refused(tmp_path):
    (tmp_path / ".ssh").mkdir(mode=0o700)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")], check=True)
    key = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    (tmp_path / ".ssh/known_hosts").write_text(f"{labctl.ADDRESS} {key}\n")
    run = sitectl.site(
        "paramiko-foreign",
        inventory=INVENTORY,
        env={"HOME": str(tmp_path), "ANSIBLE_PARAMIKO_HOST_KEY_AUTO_ADD": "0"},
    )
    assert not run.ok and run.changes() == []
