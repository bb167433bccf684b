# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wait ends at once when it is useless, says why, and never lasts longer than it may."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import wait
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.systemd import State

UP = State(True, "active", "running", "success", True, 0, True)


class Time:
    def __init__(self):
        self.now = 0.0

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def watch(looks, seconds=30, restarts=0, told=None):
    time, rows, told = Time(), list(looks), [] if told is None else told

    def look():
        return rows.pop(0) if len(rows) > 1 else rows[0]

    answer = wait.watch(look, "u", seconds, restarts, "/stamp", told.append, clock=time.clock, sleep=time.sleep)
    return answer, time.now


def seen(missing="not yet", log=("loading",), **state):
    return wait.Seen(UP._replace(**state), list(log), missing)


def test_ready():
    answer, now = watch([seen(), seen(), seen(None)])
    assert (answer.status, now) == ("ready", 2)


def test_bounded():
    answer, now = watch([seen()], seconds=5)
    assert (answer.status, now) == ("waiting", 5)


def test_every_look_at_a_service_that_is_not_ready_is_told():
    told = []
    watch([seen(), seen("almost", log=("shard 1",)), seen(None)], told=told)
    assert [wait.told(line) for line in told] == ["not yet; loading", "almost; shard 1"]
    watch([seen()], seconds=0, told=told)
    assert len(told) == 2, "a mere look tells nothing"


@pytest.mark.parametrize(
    ("state", "rule", "word"),
    [
        ({"active": "failed", "result": "exit-code"}, "LLM312", "exit-code"),
        ({"loaded": False}, "LLM328", "no unit"),
        ({"active": "inactive", "condition": False}, "LLM330", "/stamp"),
        ({"active": "activating", "restarts": 7}, "LLM312", "ended 2 times"),
    ],
)
def test_useless_waits_end_at_once(state, rule, word):
    answer, now = watch([seen(**state)], restarts=5)
    assert (answer.status, answer.refusal.rule, now) == ("failed", rule, 0)
    assert word in answer.refusal.reason.en


def test_earlier_restarts_do_not_count():
    assert watch([seen(restarts=9)], restarts=9, seconds=3)[0].status == "waiting"


def test_a_refusal_of_the_service_ends_the_wait():
    refusal = Refusal("LLM706", error="wrong")
    answer, _now = watch([seen()._replace(refusal=refusal)])
    assert answer.refusal is refusal


def test_too_late_names_the_variable_and_what_was_missing():
    refusal = wait.too_late("u", seen("/health answers 503"), 600, "engine_start_timeout")
    refusal.evidence = ["line 1", "line 2"]
    text = refusal.message("gpu01")
    assert refusal.rule == "LLM505"
    for part in ("gpu01", "600 s", "/health answers 503", "engine_start_timeout", "line 2", "处理办法"):
        assert part in text


@pytest.mark.parametrize(
    ("state", "rule", "ended"),
    [
        ({"active": "failed"}, "LLM312", True),
        ({"active": "activating", "restarts": 2}, "LLM312", True),
        ({"restarts": 1}, "LLM505", True),
        ({"restarts": 0}, "LLM505", False),
        ({"loaded": False}, "LLM328", False),
        ({"active": "inactive", "condition": False}, "LLM330", False),
    ],
)
def test_whether_the_service_itself_ended(state, rule, ended):
    answer, _now = watch([seen(**state)])
    if rule == "LLM505":
        answer = answer._replace(refusal=wait.too_late("u", answer.seen, 600, "v"))
    assert answer.refusal.rule == rule and wait.ended(answer, 0) is ended


def test_told():
    assert wait.told(seen("x", log=("old", "y" * 300))).startswith("x; yyy")
    assert len(wait.told(seen("x", log=("y" * 300,)))) < 200
    assert wait.told(seen(None, log=())) == "ready; no log yet"


def test_no_log_for_a_start_that_did_not_happen():
    answer, _now = watch([seen(active="inactive", condition=False)])
    assert wait.evidence(answer) == []
    assert wait.evidence(watch([seen(active="failed")])[0]) == ["loading"]


def test_a_unit_may_end_once_and_not_twice():
    assert watch([seen(restarts=1)], seconds=3)[0].status == "waiting"
    answer = watch([seen(restarts=2)], seconds=3)[0]
    assert answer.status == "failed" and answer.refusal.rule == "LLM312" and "2" in answer.refusal.reason.en
