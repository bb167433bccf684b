# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same level on Debian 12, from a bare node at once: nothing of ours open, nothing changed twice, nothing left."""

from __future__ import annotations

import labctl
import pytest
import sitectl

from tests.compliance.test_lab import LEVEL, MADE, report

AUDITED = ("-e", "appliance_audit=true")  # whose readers are the level's auditors


@pytest.fixture(scope="module", autouse=True)
def appliance():
    labctl.clean_node(base="bookworm")
    run = sitectl.site("compliance-12", *LEVEL, *AUDITED)
    assert run.ok, run.story()


def test_no_control_is_open():
    run, found = report("compliance-12-report", *AUDITED)
    rows = [*found["controls"], *found["docker"]]
    assert run.ok and [row["number"] for row in rows if row["state"] == "open"] == [], run.story()
    print(f"    {found['counts']}")


def test_a_second_run_changes_nothing():
    run = sitectl.site("compliance-12-second", *LEVEL, *AUDITED)
    assert run.ok and run.changes() == [], run.story()


def test_the_audit_goes_on_without_the_level():
    run = sitectl.site("compliance-12-none", *AUDITED)
    assert run.ok, run.story()
    assert "yitiji-audit" in labctl.node("getent group yitiji-audit", check=False)
    assert "head" in labctl.node("yitiji-audit verify")


def test_uninstalled_nothing_is_left():
    run = sitectl.site("compliance-12-uninstall", playbook="playbooks/uninstall.yml")
    assert run.ok, run.story()
    left = labctl.node(
        f"find {MADE} -name '*compliance*' -o -name '*yitiji-audit*'; getent group | grep yitiji-", check=False
    )
    assert left.split() == []
