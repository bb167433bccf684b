# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node without internet is installed from the bundle, up to a chat; a second run changes nothing."""

from __future__ import annotations

import subprocess

import consolectl
import labctl
import offline
import pytest

# not all of /etc/apt: the node's tuning says in apt.conf.d what unattended upgrades leave alone
PLACES = "/etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/keyrings /etc/apt/trusted.gpg.d /var/lib/apt/lists"
SOURCES = f"cat /etc/apt/sources.list /etc/apt/sources.list.d/*; ls -l --full-time {PLACES}; true"


@pytest.fixture(scope="module", autouse=True)
def cut_off():
    labctl.clean_node()
    labctl.lab("egress", "off")
    labctl.hub_reset()
    yield
    labctl.lab("egress", "on")


def test_there_is_no_way_out():
    assert "default" not in labctl.lab("run", "ip", "-4", "route")
    # not from /sys, which shows the devices of the namespace that mounted it
    assert labctl.lab("run", "ip", "-br", "link", "show", "tap0").split()[1] == "DOWN"
    gone = labctl.node("apt-get -o Acquire::http::Timeout=3 -o Acquire::Retries=0 update 2>&1; true")
    assert "Err:" in gone or "Failed to fetch" in gone or "Temporary failure" in gone


def test_installs_to_a_chat():
    before = labctl.node(SOURCES)
    run = offline.install("bundle-install")
    assert run.ok, run.story()
    assert any(
        e["task"] == "Ask a question, as a user would" or "chat_check" in str(e.get("task_action"))
        for e in run.of("runner_on_ok")
    )
    assert labctl.node(SOURCES) == before, "the node's own package sources are as they were"
    asked = [request for request in labctl.hub_log() if "/api/v1/models/" in str(request) or "/files/" in str(request)]
    assert asked == [], "nothing came from the hub"


def test_the_console_came_along():
    found = consolectl.shows_figures(consolectl.signed_in(labctl.node(f"cat {labctl.PASSWORD_FILE}")))
    assert found["wrong"] == [], "the doctor finds nothing on a node that is well"


def test_nothing_of_it_stays():
    assert labctl.node("ls -d /var/lib/yitiji-bundle 2>/dev/null; true").strip() == ""
    told = labctl.lab("run", "sh", "-c", "curl -s -m 3 http://10.77.0.1:8812/; echo $?")
    assert told.strip() == "7", "nobody answers on the port"


def test_second_run_changes_nothing():
    run = offline.install("bundle-second")
    assert run.ok, run.story()
    assert run.changes() == []


def test_check_mode_changes_nothing():
    run = offline.install("bundle-check", offline.OUT, "--check")
    assert run.ok, run.story()
    assert run.changes() == []


SET_UP = """
cd /mnt && sh controller/install.sh --signer "$(cat SIGNER.pub)" /mnt/venv &&
/mnt/venv/bin/ansible-playbook --version &&
ANSIBLE_COLLECTIONS_PATH=/mnt/venv/collections /mnt/venv/bin/ansible-doc -l yitiji.deepseek | head -3
rc=$?
rm -rf /mnt/venv /mnt/controller /mnt/apt /mnt/MANIFEST.json* /mnt/SIGNER.pub "$HOME"/.config/yitiji
exit $rc
"""


def test_a_controller_is_set_up_from_it():
    """On the node, which has no internet either: Ansible and the collection, from the bundle alone."""
    parts = "controller apt MANIFEST.json MANIFEST.json.sig SIGNER.pub"
    over = f"tar -C {offline.OUT} -c {parts} | {labctl.LAB} ssh {labctl.NODE} tar -x -C /mnt"
    subprocess.run(["sh", "-c", over], check=True, timeout=300)
    told = labctl.node(SET_UP, timeout=900)
    assert "is ready" in told and "ansible-playbook [core" in told and "yitiji.deepseek." in told
