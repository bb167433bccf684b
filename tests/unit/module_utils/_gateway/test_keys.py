# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of teams: made, given, suspended, revoked, never said."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import keys as core

LIMITS = {"rate": 10, "burst": 2, "concurrency": 3}


OWN = "a-long-key-of-my-own-0123456789"


def test_limits_of_a_team_that_states_none():
    first, second = core.parse([{"name": "a"}, {"name": "b", "rate": 0, "concurrency": "5"}], LIMITS)
    assert (first.rate, first.burst, first.concurrency) == (10, 2, 3)
    assert (second.rate, second.concurrency) == (0, 5)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"name": "A"}, "LLM805"),
        ({"name": "a/../b"}, "LLM805"),
        ({"name": "x" * 40}, "LLM805"),
        ({}, "LLM805"),
        ({"name": "a", "ratte": 3}, "LLM805"),
        ({"name": "a", "rate": "many"}, "LLM805"),
        ({"name": "a", "burst": -1}, "LLM805"),
        ({"name": "a", "state": "gone"}, "LLM805"),
        ({"name": "a", "sha256": "12"}, "LLM805"),
        ({"name": "a", "sha256": "0" * 64, "value": OWN}, "LLM805"),
        ({"name": "a", "value": "two words of a key"}, "LLM805"),
        ({"name": "a", "value": "1234"}, "LLM733"),
    ],
)
def test_wrong_rows(row, rule):
    with pytest.raises(Refusal) as caught:
        core.parse([row], LIMITS)
    assert caught.value.rule == rule


def test_the_same_twice():
    for rows in (
        [{"name": "a"}, {"name": "a"}],
        [{"name": "a", "sha256": "0" * 64}, {"name": "b", "sha256": "0" * 64}],
    ):
        with pytest.raises(Refusal):
            core.parse(rows, LIMITS)


def test_an_engine_key_that_is_no_header():
    assert core.render_engine("abc", "k") == 'proxy_set_header Authorization "Bearer abc";\n'
    assert core.render_engine("", "k") == 'proxy_set_header Authorization "";\n'
    with pytest.raises(Refusal, match="header"):
        core.render_engine('a"; return 200; #', "k")


def test_teams_whose_key_lies_on_the_node():
    rows = [{"name": "a", "state": "suspended"}, {"name": "b", "sha256": "0" * 64}, {"name": "c"}]
    rows.append({"name": "d", "state": ""})
    assert core.on_node(rows) == ["c", "d"] and core.on_node([]) == []


def test_a_key_that_is_made_cannot_be_guessed():
    assert core.KEY_LENGTH * 6 >= 256, "six bits a letter"
    assert (core.Team("a").rate, core.Team("a").burst, core.Team("a").concurrency) == (0, 0, 0)
