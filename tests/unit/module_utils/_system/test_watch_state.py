# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others read of the watch."""

from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import watch_state as state

NOW = 1_000_000.0


def event(by, age, target="nginx.service", count=1, ok=True):
    return {"time": NOW - age, "by": by, "target": target, "did": "restart", "count": count, "ok": ok}


STATE = {
    "written": NOW - 20,
    "events": [
        event("systemd", 100, count=2), event("systemd", 200), event("watch", 300, ok=False), event("watch", 90000),
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", [None, "", "{", "[]", "{}", '{"events": []}'])
def test_a_state_that_is_not_whole_is_none(text):
    assert state.parse(text) == {} and state.fresh(state.parse(text), NOW) is False


def test_a_fresh_one():
    found = state.parse(json.dumps(STATE))
    assert state.fresh(found, NOW) and not state.fresh(found, NOW + 1000) and not state.fresh(found, NOW - 1000)


def test_repairs_of_a_day():
    assert state.repairs(STATE, NOW) == {"nginx.service (systemd: restart)": 3, "nginx.service (watch: restart)": 1}
    assert state.total(STATE, NOW) == [1.0, 3.0, 1.0]
    assert state.repairs({}, NOW) == {}


def test_what_counts_ends_with_the_day_and_what_is_believed_after_ten_looks():
    assert state.total({"events": [event("watch", state.DAY - 1)]}, NOW)[0] == 1.0
    assert state.total({"events": [event("watch", 86400)]}, NOW)[0] == 0.0
    assert state.total({"events": [event("watch", 86399.5)]}, NOW)[0] == 1.0
    found = {"written": NOW}
    assert state.fresh(found, NOW + 299) and not state.fresh(found, NOW + 300)
    assert state.KEPT_SECONDS == 7 * 24 * 3600, "what the watch remembers: a week"
