# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules on trial go by themselves, and stay only when they were confirmed in time."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import firewall_trial as core

NEW, OLD = "table inet yitiji { new }\n", "table inet yitiji { old }\n"


class Machine:
    """nft and systemctl of a machine: one table, one timer, one unit."""

    def __init__(self):
        self.table, self.timer, self.active, self.enabled, self.ran, self.broken = "", "", False, False, [], ""

    def run(self, words, _seconds):
        self.ran.append(" ".join(words))
        if self.broken and self.broken in self.ran[-1]:
            return subprocess.CompletedProcess(words, 1, "", "it broke")
        status, said = 0, ""
        if words[:2] == ["nft", "-f"]:
            self.table = Path(words[2]).read_text(encoding="utf-8")
        elif words[:2] == ["nft", "--stateless"]:
            status, said = int(not self.table), self.table
        elif words[:2] == ["nft", "delete"]:
            self.table = ""
        elif words[0] == "systemd-run":
            self.timer = words[-1]
        elif words[:2] == ["systemctl", "is-active"]:
            status = int(not (self.timer if words[-1].endswith(".timer") else self.active))
        elif words[:2] == ["systemctl", "is-enabled"]:
            status = int(not self.enabled)
        elif words[:2] == ["systemctl", "stop"]:
            self.timer = ""
        elif words[:2] == ["systemctl", "restart"]:
            self.active = True
        elif "enable" in words or "disable" in words:
            self.enabled = "enable" in words
            self.active = self.active and self.enabled
        return subprocess.CompletedProcess(words, status, said, "")

    def time_is_up(self):
        self.table, self.timer = Path(self.timer).read_text(encoding="utf-8"), ""


@pytest.fixture
def machine(monkeypatch):
    monkeypatch.setattr(core.shutil, "which", lambda name: f"/usr/sbin/{name}")
    return Machine()


@pytest.fixture
def trial(tmp_path, machine):
    places = core.Places(*(str(tmp_path / name) for name in ("firewall.nft", "unit", "run", "proc")))
    return core.Trial(places, machine.run)


def test_confirmed_rules_stay(trial, machine):
    assert not trial.kept(NEW)
    trial.begin(NEW, 60)
    assert machine.table == NEW and machine.timer and not Path(trial.places.rules).exists()
    assert any("--on-active=60s" in line for line in machine.ran)
    modes = {path.name: path.stat().st_mode & 0o777 for path in Path(trial.places.state).iterdir()}
    assert modes == {"new.nft": 0o600, "old.nft": 0o600, "trial": 0o600}
    trial.confirm(NEW)
    assert Path(trial.places.rules).read_text(encoding="utf-8") == NEW and not machine.timer
    assert machine.active and machine.enabled
    assert f"nft -f {trial.places.rules}" in Path(trial.places.unit).read_text(encoding="utf-8")
    assert trial.kept(NEW) and not trial.kept(OLD)


def test_rules_that_nobody_confirms_give_way_to_the_old_ones(trial, machine):
    trial.begin(OLD, 60)
    trial.confirm(OLD)
    trial.begin(NEW, 60)
    machine.time_is_up()
    assert machine.table == OLD and Path(trial.places.rules).read_text(encoding="utf-8") == OLD
    with pytest.raises(Refusal) as caught:
        trial.confirm(NEW)
    assert caught.value.rule == "LLM816" and "firewall_probation" in caught.value.message("gpu01")
    assert Path(trial.places.rules).read_text(encoding="utf-8") == OLD


def test_rules_that_somebody_changed_meanwhile_are_not_kept(trial, machine):
    trial.begin(NEW, 60)
    machine.table = "table inet yitiji { other }\n"
    with pytest.raises(Refusal):
        trial.confirm(NEW)


@pytest.mark.parametrize("what", ["table", "active", "enabled", "unit"])
def test_what_was_changed_by_hand_is_seen(trial, machine, what):
    trial.begin(NEW, 60)
    trial.confirm(NEW)
    if what == "unit":
        Path(trial.places.unit).write_text("[Unit]\n", encoding="utf-8")
    else:
        setattr(machine, what, "table inet yitiji { other }\n" if what == "table" else False)
    assert not trial.kept(NEW)


def test_after_a_boot_the_kernels_table_is_unnoted(trial, machine):
    trial.begin(NEW, 60)
    trial.confirm(NEW)
    os.unlink(f"{trial.places.state}/kept")
    machine.table = "table inet yitiji { as the unit loaded it }\n"
    assert trial.kept(NEW)
    machine.table = ""
    assert not trial.kept(NEW)


def test_removal(trial, machine):
    assert trial.remove(dry=False) is False
    trial.begin(NEW, 60)
    trial.confirm(NEW)
    assert trial.remove(dry=True) and machine.table == NEW
    assert trial.remove(dry=False) and not machine.table and not machine.active
    assert not Path(trial.places.rules).exists() and not Path(trial.places.unit).exists()
    assert trial.remove(dry=False) is False


def test_a_command_that_fails_is_named(trial, machine):
    machine.broken = "new.nft"
    with pytest.raises(Refusal, match=r"nft -f .*new\.nft` failed: it broke"):
        trial.begin(NEW, 60)
    assert machine.timer, "the way back was armed before the rules came"


def test_the_session_is_found_among_the_parents(trial, tmp_path):
    chain = {os.getpid(): ("PATH=/bin\0", 50), 50: ("", 40), 40: ("A=b\0SSH_CONNECTION=10.1.2.3 5 10.0.0.1 22\0", 1)}
    for process, (environment, parent) in chain.items():
        place = tmp_path / "proc" / str(process)
        place.mkdir(parents=True)
        (place / "environ").write_text(environment)
        (place / "stat").write_text(f"{process} (a) b) S {parent} 0\n")
    assert trial.sessions() == [("10.1.2.3", 22)]
    (tmp_path / "proc/50/stat").unlink()
    assert trial.sessions() == []


def test_shut_out_says_whether_the_node_answers():
    assert "old rules are back" in core.shut_out(60, True).reason.en
    assert "尚未响应" in core.shut_out(60, False).reason.zh
