# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Level 3 on a node of the lab: shown without an open control, unchanged by a second run, broken by hand, taken back.

lynis and its figure before and after are kept in `tests/output/compliance.json`.
"""

from __future__ import annotations

import json
import re

import labctl
import pytest
import sitectl
import tripsctl

LEVEL = ("-e", "compliance_level=dengbao3", "-e", "compliance_aide=true", "-e", "appliance_language=en")
OUT = labctl.OUTPUT / "compliance"
FIGURES: dict[str, object] = {}
# What the second run may need more than one without a level (tests/e2e/test_30_converged.py).
MOST_TASKS, MOST_TRIPS = 36 + 1, 38 + 1
MADE = "/etc /usr/local /usr/share/pam-configs /var/lib/yitiji"


def report(name: str, *options: str) -> tuple[sitectl.Run, dict]:
    options = (*LEVEL, "-e", f"compliance_report_dir={OUT}", *options)
    run = sitectl.site(name, *options, playbook="playbooks/compliance.yml")
    found: dict = json.loads((OUT / f"compliance-{labctl.NODE}.json").read_text())
    return run, found


def lynis() -> dict[str, int]:
    said = labctl.node("lynis audit system --no-colors --quick 2>/dev/null", timeout=600, check=False)
    index, tests = re.search(r"Hardening index : (\d+)", said), re.search(r"Tests performed : (\d+)", said)
    assert index and tests, said[-2000:]
    return {"index": int(index[1]), "tests": int(tests[1])}


def keep(**more: object) -> None:
    FIGURES.update(more)
    (labctl.OUTPUT / "compliance.json").write_text(json.dumps(FIGURES, indent=1))
    print(f"    {more}")


@pytest.fixture(scope="session", autouse=True)
def appliance():
    labctl.clean_node(base="trixie")
    labctl.node(
        "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y lynis >/dev/null", timeout=600
    )
    run = sitectl.site("compliance-none")
    assert run.ok, run.story()
    FIGURES["made"] = labctl.node(
        f"find {MADE} -name '*compliance*' -o -name 'yitiji-lock' -o -name '*yitiji-audit*'"
    ).split()
    keep(before=lynis())
    run = sitectl.site("compliance-site", *LEVEL)
    assert run.ok, run.story()
    keep(after=lynis())


def test_none_sets_nothing():
    assert FIGURES["made"] == []


def test_a_second_run_changes_nothing_and_asks_little_more():
    file = labctl.OUTPUT / "compliance.trips"
    run = sitectl.site("compliance-second", *LEVEL, env=tripsctl.environment(file))
    assert run.ok and run.changes() == [], run.story()
    count = tripsctl.read(file)
    total = count.total(labctl.NODE)
    print(f"    {total.reaching} tasks of {total.executed} went to the node, {total.trips} times")
    assert total.reaching <= MOST_TASKS and total.trips <= MOST_TRIPS, count.story()


def test_check_mode_changes_nothing():
    run = sitectl.site("compliance-check", *LEVEL, "--check", "--diff")
    assert run.ok and run.changes() == [], run.story()


def test_no_control_is_open_and_each_has_its_evidence():
    run, found = report("compliance-report")
    rows = [*found["controls"], *found["docker"]]
    still = {
        row["number"]: [one["said"] for one in row["checks"] if one["state"] == "open"]
        for row in rows
        if row["state"] == "open"
    }
    assert run.ok and still == {}, still
    keep(counts=found["counts"])
    assert all(
        one["run"] and one["said"] for row in rows for one in row["checks"] if one["state"] == "met" and one["want"]
    )
    # A container has no kernel audit of its own, and says so.
    audit = next(row for row in rows if row["number"] == "8.1.4.3 a")
    assert audit["state"] == "unshown"
    assert (OUT / f"compliance-{labctl.NODE}.html").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("command", "back", "number"),
    [
        ("mv /etc/profile.d/yitiji-idle.sh /root", "mv /root/yitiji-idle.sh /etc/profile.d", "8.1.4.1 b"),
        (
            "cp -p /etc/pam.d/common-auth /root; sed -i /faillock/d /etc/pam.d/common-auth",
            "mv /root/common-auth /etc/pam.d",
            "8.1.4.1 b",
        ),
        ("useradd -o -u 0 -M second", "sed -i /^second:/d /etc/passwd /etc/shadow /etc/group", "8.1.4.1 a"),
        ("chmod 755 /etc/yitiji/secrets", "chmod 700 /etc/yitiji/secrets", "8.1.4.8 b"),
        ("gpasswd -a nobody docker", "gpasswd -d nobody docker", "1.1.2"),
    ],
)
def test_what_is_broken_by_hand_is_found(command, back, number):
    labctl.node(command)
    run, found = report("compliance-broken")
    labctl.node(back)
    states = {row["number"]: row["state"] for row in [*found["controls"], *found["docker"]]}
    assert not run.ok and states[number] == "open", run.story()


def test_five_wrong_passwords_lock_an_account_and_a_key_still_gets_in():
    labctl.node("useradd -m eve && echo eve:Correct-horse-7 | chpasswd")
    try:
        labctl.node("for i in 1 2 3 4 5 6; do echo wrong | runuser -u nobody -- su eve -c true; done", check=False)
        assert labctl.node("faillock --user eve | grep -c ' V$'").strip() >= "5"
        assert (
            labctl.node("echo Correct-horse-7 | runuser -u nobody -- su eve -c 'echo in'", check=False).strip() != "in"
        )
        assert labctl.node("whoami").strip() == "root"
    finally:
        labctl.node("faillock --user eve --reset; userdel -r eve", check=False)


def test_a_weak_password_is_refused():
    labctl.node("useradd -m eve")
    try:
        assert "BAD PASSWORD" in labctl.node("echo eve:abc | chpasswd 2>&1", check=False)
    finally:
        labctl.node("userdel -r eve")


def test_an_auditor_reads_and_does_not_write():
    labctl.node("useradd -m -G yitiji-audit eve")
    try:
        assert "not allowed" in labctl.node("sudo -l -U eve 2>&1", check=False)
    finally:
        labctl.node("userdel -r eve")


def test_options_off_go_away_and_the_rest_is_taken_back():
    run = sitectl.site("compliance-off", *LEVEL, "-e", "compliance_aide=false")
    assert run.ok, run.story()
    assert labctl.node("ls /etc/systemd/system | grep -c yitiji-aide", check=False).strip() == "0"
    run = sitectl.site("compliance-uninstall", playbook="playbooks/uninstall.yml")
    assert run.ok, run.story()
    assert (
        labctl.node(f"find {MADE} -name '*compliance*' -o -name 'yitiji-lock' -o -name '*yitiji-audit*'").split() == []
    )
    left = (
        "getent group | grep yitiji-; grep -l yitiji /etc/login.defs /etc/pam.d/* /etc/sudoers.d/*; command -v auditd"
    )
    said = labctl.node(left, check=False)
    assert said.split() == []
    assert "maxauthtries 6" in labctl.node("sshd -T")
    run = sitectl.site("compliance-uninstall-again", playbook="playbooks/uninstall.yml")
    assert run.ok and run.changes() == [], run.story()
