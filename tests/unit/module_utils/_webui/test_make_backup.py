# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page rests while its data are put away, and runs again whatever happens."""

from __future__ import annotations

import signal
import subprocess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import make_backup as core


@pytest.fixture
def unit(monkeypatch):
    """A unit that runs, and what systemctl was told."""
    told = {"active": True, "ran": []}

    def run(words, _seconds):
        told["ran"].append(words[1])
        return subprocess.CompletedProcess(words, 0 if told["active"] else 3, "", "")

    monkeypatch.setattr(core, "run", run)
    told["handlers"] = {}
    monkeypatch.setattr(core.signal, "signal", told["handlers"].__setitem__)
    return told


def test_the_page_runs_again_after_an_error_and_after_a_signal(unit):
    with pytest.raises(OSError, match="full"), core.at_rest("u"):
        raise OSError("the disk is full")
    assert unit["ran"] == ["is-active", "stop", "start"]
    with pytest.raises(SystemExit), core.at_rest("u"):
        unit["handlers"][signal.SIGTERM](signal.SIGTERM, None)
    assert unit["ran"][3:] == ["is-active", "stop", "start"]


def test_a_page_that_did_not_run_is_not_started(unit):
    unit["active"] = False
    with core.at_rest("u"):
        pass
    assert unit["ran"] == ["is-active"]


def test_one_backup_at_a_time(tmp_path):
    with core.alone(tmp_path), pytest.raises(ValueError, match="another"), core.alone(tmp_path):
        pass
    with core.alone(tmp_path):
        pass


def test_a_page_that_runs_is_not_stopped_unless_its_data_move(unit, monkeypatch, tmp_path):
    tried = []

    def write(*_given):
        tried.append(list(unit["ran"]))
        if len(tried) <= moves:
            raise core.core.Moving
        return {"users": 1}

    monkeypatch.setattr(core.core, "write", write)
    for moves, stopped in ((0, False), (2, False), (3, True)):
        tried.clear()
        unit["ran"].clear()
        assert core.written(tmp_path / "a", tmp_path, {}, {}, "u", live=True) == {"users": 1}
        assert ("stop" in unit["ran"]) is stopped and len(tried) == moves + 1
    unit["ran"].clear()
    moves = 0
    core.written(tmp_path / "a", tmp_path, {}, {}, "u", live=False)
    assert unit["ran"] == ["is-active", "stop", "start"]
