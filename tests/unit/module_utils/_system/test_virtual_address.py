# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an address that moves stands here."""

from __future__ import annotations

from subprocess import CompletedProcess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import virtual_address as core

LINE = "2: host0    inet 10.77.0.9/32 scope global host0\\       valid_lft forever preferred_lft forever\n"


def said(stdout: str = "", code: int = 0):
    asked = []

    def run(words, seconds):
        asked.append((words, seconds))
        return CompletedProcess(words, code, stdout, "")

    return run, asked


@pytest.mark.parametrize(("stdout", "expected"), [(LINE, True), ("", False), ("\n", False)])
def test_it_is_here_or_not(stdout, expected):
    run, asked = said(stdout)
    assert core.held("10.77.0.9", run) is expected
    assert asked == [(["ip", "-o", "address", "show", "to", "10.77.0.9"], 10)]


@pytest.mark.parametrize(("code", "expected"), [(0, True), (1, False), (2, False)])
def test_somebody_answers_or_not(code, expected):
    run, asked = said(code=code)
    assert core.answers("fd00::9", run) is expected and asked[0][0][-1] == "fd00::9"


def test_without_ping_nobody_is_known():
    def run(words, seconds):
        raise FileNotFoundError(words[0])

    assert core.answers("10.77.0.9", run) is False


@pytest.mark.parametrize(
    ("comes", "seconds", "expected", "looks"), [(0, 0, True, 1), (9, 0, False, 1), (3, 5, True, 4), (9, 5, False, 6)]
)
def test_the_wait_is_bounded(comes, seconds, expected, looks):
    clock, seen = [100.0], []

    def look():
        seen.append(clock[0])
        return clock[0] >= 100 + comes

    def pause():
        clock[0] += 1

    assert core.waited(look, seconds, pause, lambda: clock[0]) is expected and len(seen) == looks


@pytest.mark.parametrize(
    ("so", "stays", "expected", "looks"),
    [
        ("1111", 3, True, 4),
        ("1101111", 3, True, 7),  # a break: counted anew
        ("1" * 3 + "0" * 9, 3, False, 10),
        ("0" * 8 + "1" * 9, 3, False, 10),  # too late
    ],
)
def test_it_must_stay_so(so, stays, expected, looks):
    clock = [100.0]

    def pause():
        clock[0] += 1

    seen = iter(so)
    told = core.waited(lambda: next(seen) == "1", 9, pause, lambda: clock[0], stays)
    assert told is expected and len(so) - len(list(seen)) == looks
