# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine itself, its texts and reports, and the command."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import rules as doctor_rules

from tests.unit.module_utils._doctor.sample_rule import RULE, judge


def test_a_failure_of_a_warning_rule_warns():
    assert judge(doctor_rules.failed("e", "z"), severity="warn")[0]["status"] == "warn"


def test_needs():
    assert judge(doctor_rules.passed("e", "z"), need=False)[0]["status"] == "skip"
    assert judge(doctor_rules.passed("e", "z"), need=None)[0]["status"] == "unknown"


def test_a_probe_that_trips_knows_nothing():
    result = judge(KeyError("gpus"))[0]
    assert result["status"] == "unknown" and "KeyError" in result["evidence"]["en"]


def test_a_need_that_trips_knows_nothing():
    def odd(_context):
        raise TypeError("no list")

    context = doctor_rules.Context(node={}, host="n1")
    result = doctor_rules.evaluate([RULE], context, "pre", {"LLM901": lambda _c: None}, {"thing": odd})[0]
    assert result["status"] == "unknown" and "TypeError" in result["evidence"]["en"]


def test_values_fill_the_remedy():
    assert judge(doctor_rules.failed("e", "z", x=7))[0]["fix"] == {
        "zh": "修 7，然后重新执行同一命令",
        "en": "mend 7; then run the same command again",
    }, "it ends in an action"
    assert judge(doctor_rules.unknown("e", "z"))[0]["fix"]["en"].startswith("mend …")


def test_other_phases_do_not_run():
    assert doctor_rules.evaluate([RULE], doctor_rules.Context(node={}), "run", {}, {}) == []


@pytest.mark.parametrize(
    ("results", "code"),
    [("pass", 0), ("skip", 0), ("warn", 1), ("unknown", 1), ("fail", 2)],
)
def test_exit_code(results, code):
    assert doctor_rules.exit_code([{"status": "pass"}, {"status": results}]) == code


@pytest.mark.parametrize(
    ("ignore", "word"),
    [
        ("LLM901", "must be a list"),
        (["LLM901"], "without a reason"),
        ([{"id": "LLM901", "reason": "  "}], "without a reason"),
        ([{"id": "LLM999", "reason": "x"}], "not a rule"),
    ],
)
def test_silencing_is_checked(ignore, word):
    with pytest.raises(Refusal) as error:
        doctor_rules.silenced(ignore, ["LLM901"])
    assert error.value.rule == "LLM199" and word in error.value.reason.en and error.value.reason.zh


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"id": "X1"}, "three digits"),
        ({"fix": None}, "missing fix"),
        ({"phase": ["later"]}, "phase"),
        ({"severity": "bad"}, "severity"),
        ({"title": {"en": "only"}}, "zh and en"),
        ({"fix": {"zh": "a", "en": "b", "c": None}}, "no more"),
        ({"needs": ["luck"]}, "luck"),
        ({"id": "LLM902"}, "no probe"),
    ],
)
def test_wrong_rules_are_refused(change, word):
    with pytest.raises(Refusal, match=word):
        doctor_rules.check_rules([dict(RULE, **change)], {"LLM901": len}, {"thing": len})


def test_two_rules_with_one_id():
    with pytest.raises(Refusal, match="twice"):
        doctor_rules.check_rules([RULE, RULE], {"LLM901": len}, {"thing": len})


def test_clock_bounds_hold_the_truth():
    # The node is 5 s ahead; asking took 2 s.
    bounds = doctor_rules.clock_bounds(100.0, 102.0, 105.5, 106.5)
    assert bounds["earliest"] <= 5 <= bounds["latest"] + 0.5
    assert doctor_rules.clock_bounds(100.0, 102.0, 100.5, 101.5) == {"earliest": -0.5, "latest": 0.5}
