# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Beside others: their packages are not taken away, and who uses the package manager is told."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.unit.modules.apt_node import Node


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


@pytest.mark.parametrize("state", ["offered", "present", "latest"])
@pytest.mark.parametrize("check", [True, False])
def test_what_somebody_else_runs_is_not_taken_away(node, state, check):
    """apt would remove it without a word; docker.io does so with a Docker from Docker's own packages."""
    node.has("systemd-timesyncd")
    before = node.read()
    answer = node.run(check=check, names=["chrony", "openssl"], conflicts=["ntp", "systemd-timesyncd"], state=state)
    assert answer["failed"] and answer["rule"] == "LLM332", answer
    assert "systemd-timesyncd can't be there beside chrony, openssl" in answer["msg"]
    assert node.read() == before and node.record() == {}
    assert node.run(check=True, names=["openssl"], conflicts=["ntp"], state=state).get("failed") is None


def test_what_is_there_already_is_no_conflict(node):
    """Somebody put both there by hand, or the distribution renamed one: nothing would be installed."""
    node.has("chrony")
    node.has("systemd-timesyncd")
    assert node.run(names=["chrony"], conflicts=["systemd-timesyncd"])["installed"] == []


def test_conflicts_of_several_owners(node):
    node.has("systemd-timesyncd")
    asks = [{"owner": "a", "names": ["nginx"]}, {"owner": "b", "names": ["chrony"], "conflicts": ["systemd-timesyncd"]}]
    answer = node.run(state="offered", asks=asks)
    assert answer["rule"] == "LLM332" and "nginx" not in answer["msg"]


def test_who_uses_apt_now_is_told_before_anything_waits_for_him(node):
    """As unattended-upgrades does in the first minutes after a boot."""
    lock = node.home / "dpkg" / "lock-frontend"
    lock.parent.mkdir()
    hold = (
        "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX); print('held', flush=True);"
        " sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", hold, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        (told,) = map(str, node.run(names=["nginx"], state="offered")["warnings"])
        assert "[LLM158]" in told and f"({other.pid})" in told and "at most 300 s" in told
        node.has("nginx")
        assert "warnings" not in node.run(names=["nginx"], state="offered"), "nothing would be installed"
    finally:
        other.communicate()
