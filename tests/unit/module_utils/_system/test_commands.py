# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long commands: watched while they run, ended with their children."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import commands
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import TIMED_OUT, stream


def test_run_is_bounded():
    assert commands.run(["sleep", "5"], timeout=0.1).returncode == 124


def test_what_was_said_before_a_timeout_is_text():
    done = commands.run(["sh", "-c", "printf 'half a \\303\\251'; sleep 5"], timeout=0.5)
    assert (done.stdout, done.stderr) == ("half a é", "no answer in 0.5 s")


def test_a_command_tells_while_it_runs():
    told = []
    status, text = stream(["sh", "-c", "echo one; sleep 0.3; echo two >&2; exit 3"], 20, told.append)
    assert (status, text, told) == (3, "one\ntwo\n", ["one", "two"])
    assert stream(["/nonexistent/x"], 5, told.append)[0] == 127


def test_a_command_that_does_not_end_is_ended_with_its_children(tmp_path):
    began = time.monotonic()
    status, text = stream(["sh", "-c", f"sleep 60 & echo $! > {tmp_path}/child; wait"], 1, lambda _line: None)
    assert status == TIMED_OUT and time.monotonic() - began < 10 and "no end" in text
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        stat = Path(f"/proc/{child}/stat")
        if not os.path.exists(f"/proc/{child}") or "Z" in stat.read_text(encoding="utf-8").split()[2]:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the child lives")


def test_a_command_that_nobody_wants_any_more_is_ended(tmp_path):
    left = [True, True, False]
    began = time.monotonic()
    code, _said = stream(["sleep", "60"], 30, lambda _line: None, wanted=lambda: left.pop(0))
    assert code == TIMED_OUT and time.monotonic() - began < 10


def test_what_a_command_prints_is_read_in_any_locale(monkeypatch):
    monkeypatch.setenv("LC_ALL", "POSIX")
    assert commands.run(["printf", "\\351\\344\\270\\255"]).stdout == "\ufffd中"
    assert commands.run(["cat"], stdin="中").stdout == "中"


@pytest.mark.parametrize(("prints", "lines"), [("one\\n\\n", []), ("half", []), ("one\\ntwo\\nhalf", ["two"])])
def test_the_last_whole_line_is_told_unless_it_is_blank(prints, lines):
    told = []
    assert stream(["printf", prints], 20, told.append) == (0, prints.replace("\\n", "\n")) and told == lines


def test_a_command_that_was_ended_leaves_no_zombie(monkeypatch):
    made = []

    class Watched(subprocess.Popen):
        def __init__(self, *words, **more):
            super().__init__(*words, **more)
            made.append(self)

    monkeypatch.setattr(commands.subprocess, "Popen", Watched)
    assert stream(["sleep", "60"], 30, lambda _line: None, wanted=lambda: False)[0] == TIMED_OUT
    assert made[0].returncode == -9, "its end was waited for"
