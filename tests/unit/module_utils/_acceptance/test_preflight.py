# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import preflight

GOOD = {
    "teams": [{"name": "default"}], "hosts": ["gpu01", "laptop"], "gateway_concurrency": 64,
    "longest": 2048, "planned": 4,
    "acceptance_team": "default", "acceptance_url": "https://10.0.0.11", "acceptance_from": "localhost",
    "acceptance_lengths": [], "acceptance_at_once": [], "acceptance_rounds": 3, "acceptance_least": 10,
    "acceptance_request_timeout": 600, "acceptance_timeout": 600,
    "acceptance_soak_minutes": 0,
}  # fmt: skip


def test_settings_that_can_be_measured_with():
    assert preflight.problems(GOOD) == []
    assert preflight.problems({**GOOD, "longest": 0, "planned": 0, "acceptance_from": "laptop"}) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"acceptance_team": "nobody"}, "LLM853"),
        ({"acceptance_url": "10.0.0.11"}, "LLM853"),
        ({"acceptance_from": "gpu99"}, "LLM853"),
        ({"acceptance_rounds": 0}, "LLM853"),
        ({"acceptance_timeout": 0}, "LLM853"),
        ({"acceptance_soak_minutes": -1}, "LLM853"),
        ({"acceptance_at_once": [1, 0]}, "LLM853"),
        ({"acceptance_at_once": [65]}, "LLM853"),
        ({"planned": 43}, "LLM853"),
        ({"acceptance_lengths": [{"prompt": 4096, "answer": 16}]}, "LLM850"),
    ],
)
def test_each_is_named(change, rule):
    assert [refusal.rule for refusal in preflight.problems({**GOOD, **change})] == [rule]


def test_as_many_as_the_gateway_lets_one_team_ask():
    assert preflight.problems({**GOOD, "planned": 42}) == []  # half as many more: 63
    asked = {**GOOD, "acceptance_at_once": [80]}
    for own, rules in ((0, []), (80, []), (79, ["LLM853"]), (None, ["LLM853"])):
        found = preflight.problems({**asked, "teams": [{"name": "default", "concurrency": own}]})
        assert [refusal.rule for refusal in found] == rules
