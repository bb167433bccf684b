# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml on a node of the RPM family: from bare to a chat, a second time, in check mode, and away again."""

from __future__ import annotations

import json

import labctl
import pytest
import sitectl

OPTIONS = [f"-e '{json.dumps({'appliance_catalog_dirs': [str(labctl.RPM_CATALOGUE)]})}'"]
PACKAGES = "rpm -qa | sort; ls /etc/yum.repos.d /etc/pki/rpm-gpg"


@pytest.fixture(scope="module", autouse=True)
def bare_node():
    labctl.clean_node(base="rpm")


@pytest.fixture(scope="module")
def before():
    return labctl.node(PACKAGES)


def test_check_mode_on_a_bare_node(before):
    was = labctl.fingerprint()
    run = sitectl.site("rpm-check-bare", "--check", *OPTIONS)
    assert run.ok, run.story()
    assert labctl.fingerprint() == was


def test_from_bare_to_a_chat(before):
    run = sitectl.site("rpm-bare", *OPTIONS)
    assert run.ok, run.story()
    assert labctl.ANSWER in run.output, "the answer of the model is not shown"
    assert labctl.node("rpm -q docker-ce nginx nginx-module-njs").count("el9") == 3


def test_second_run_changes_nothing():
    run = sitectl.site("rpm-second", *OPTIONS)
    assert run.ok, run.story()
    assert run.changes() == []


def test_check_mode_on_a_converged_node():
    run = sitectl.site("rpm-check-converged", "--check", "--diff", *OPTIONS)
    assert run.ok, run.story()
    assert run.changes() == []


def test_verify():
    run = sitectl.site("rpm-verify", *OPTIONS, playbook="playbooks/verify.yml")
    assert run.ok, run.story()


def test_uninstall_to_the_same_packages(before):
    run = sitectl.site("rpm-uninstall", *OPTIONS, playbook="playbooks/uninstall.yml")
    assert run.ok, run.story()
    assert labctl.node(PACKAGES) == before
    assert labctl.node("ls /etc/systemd/system | grep -c ^yitiji", check=False).strip() == "0"
    assert labctl.node("ss -Hltn '( sport = :443 or sport = :80 or sport = :8000 or sport = :8080 )'").strip() == ""


def test_uninstall_again_changes_nothing():
    run = sitectl.site("rpm-uninstall-again", *OPTIONS, playbook="playbooks/uninstall.yml")
    assert run.ok, run.story()
    assert run.changes() == []
