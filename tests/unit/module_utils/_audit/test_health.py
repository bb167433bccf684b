# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of the records: a touched one, a segment that is gone, removals before their time, and room."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import cli, collect, health
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import store as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks import audit as checks

DAY = core.DAY
NOW = 1_764_500_000.25
END = NOW + 200 * DAY


@pytest.fixture(autouse=True)
def _removable(monkeypatch):
    monkeypatch.setattr(core, "lock", lambda path, flag: True)


@pytest.fixture
def config(tmp_path):
    for name in ("log", "spool"):
        (tmp_path / name).mkdir()
    found = {"folder": str(tmp_path / "log"), "spool": str(tmp_path / "spool"), "days": 180, "segment_mb": 1}
    return {**found, "share_mb": 100, "reserve_mb": 1}


@pytest.fixture
def filled(config):
    """A segment for each of 200 days, of which those that are old enough went."""
    store = core.Store(config, str(Path(config["folder"]).parent / "key"))
    for day in range(200):
        now = NOW + day * DAY
        store.append([{"kind": "api", "time": core.stamp(now), "model": "m"}], now)
        store.forget(now)
    store.hold()
    return config


def problems(config, now=END):
    return [(row["where"], row["en"]) for row in health.health(config, now)["problems"]]


def test_what_was_not_touched_is_well(filled):
    found = health.health(filled, END)
    assert found["problems"] == [] and found["early"] == "" and found["reserved"]
    assert 180 <= found["age"] <= 182 and found["days"] == 180 and found["records"] > 500
    assert found["share_mb"] == 100 and found["used_mb"] == 0 and found["free_mb"] > 0


def test_nothing_recorded_yet(config):
    found = health.health(config, NOW)
    assert (found["problems"], found["records"], found["age"], found["reserved"]) == ([], 0, None, False)


@pytest.mark.parametrize("most", [health.MOST, 1000], ids=["all", "the newest alone"])
def test_a_segment_that_is_gone_is_noticed_wherever_it_was(filled, monkeypatch, most):
    monkeypatch.setattr(health, "MOST", most)
    assert problems(filled) == []
    paths = core.segments(filled["folder"])
    os.unlink(paths[20])
    (where, what), *_others = problems(filled)
    assert where.startswith(os.path.basename(paths[21])) and "missing or moved" in what


def test_a_record_that_was_changed_is_noticed(filled):
    path = Path(core.segments(filled["folder"])[-1])
    path.chmod(0o640)
    path.write_text(path.read_text(encoding="utf-8").replace('"model":"m"', '"model":"n"', 1), encoding="utf-8")
    assert "was changed" in problems(filled)[0][1]


def test_the_oldest_that_went_without_a_word_are_noticed(filled):
    for path in core.segments(filled["folder"])[:30]:
        os.unlink(path)
    assert "no rule removed them" in problems(filled)[-1][1]


def test_the_line_that_is_being_written_is_no_problem(filled):
    with open(core.segments(filled["folder"])[-1], "a", encoding="utf-8") as stream:
        stream.write('{"n":1')
    assert problems(filled) == []


def test_what_was_removed_before_its_time_is_told(config):
    store = core.Store({**config, "days": 30}, str(Path(config["folder"]).parent / "key"))
    for day in (0, 1, 40):
        now = NOW + day * DAY
        store.append([{"kind": "api", "time": core.stamp(now)}], now)
    assert len(store.forget(NOW + 40 * DAY)) == 1
    found = health.health(config, NOW + 40 * DAY)
    assert found["early"] == core.stamp(NOW + DAY)[:10] and found["problems"] == []
    assert health.health({**config, "days": 30}, NOW + 40 * DAY)["early"] == ""


def test_the_doctor_asks_for_it_by_the_command(filled, tmp_path, capsys):
    (tmp_path / "audit.json").write_text(json.dumps(filled), encoding="utf-8")
    assert cli.main(argv=["--config", str(tmp_path / "audit.json"), "health"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["share_mb"] == 100 and set(told) >= {"problems", "early", "age", "reserve_mb", "reserved", "free_mb"}


def test_both_know_the_same_last_room():
    assert checks.LOW_MB << 20 == collect.LOW
