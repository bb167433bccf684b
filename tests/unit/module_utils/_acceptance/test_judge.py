# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import judge

LIMITS = {"failed_percent": 0, "first_token_seconds": 2, "near": 0.9}


def row(**more):
    return {
        "prompt": 100, "answer": 50, "concurrency": 4, "requests": 12, "failed": 0, "tokens_per_second": 100.0,
        "requests_per_second": 2.0, "first_token_ms": {"p50": 500, "p90": 900, "p99": 1000}, **more,
    }  # fmt: skip


def verdicts(rows, plan=None, stated=None):
    found = judge.figures(rows, {"concurrency": 4, "predicted": [], **(plan or {})}, stated or {}, LIMITS)
    return {figure["key"]: figure["verdict"] for figure in found}


def test_the_knee_is_the_last_number_that_pays():
    rates = {1: 10, 2: 19, 4: 36, 8: 37}
    assert judge.knee([{"concurrency": n, "tokens_per_second": t} for n, t in rates.items()], 0.1) == 4
    assert judge.knee([{"concurrency": n, "tokens_per_second": 10 * n} for n in (4, 1, 2)], 0.1) is None
    assert judge.knee([{"concurrency": 1, "tokens_per_second": 10}], 0.1) is None


@pytest.mark.parametrize(
    ("change", "key", "verdict"),
    [
        ({}, "failed_percent", "pass"),
        ({"failed": 1}, "failed_percent", "fail"),
        ({}, "first_token_seconds", "pass"),
        ({"first_token_ms": {"p90": 2001}}, "first_token_seconds", "conditional"),
    ],
)
def test_limits_of_the_catalogue(change, key, verdict):
    assert verdicts([row(**change)])[key] == verdict


@pytest.mark.parametrize(("rate", "verdict"), [(2.0, "pass"), (1.8, "conditional"), (1.79, "fail")])
def test_the_stated_rate_is_met_nearly_met_or_missed(rate, verdict):
    assert (
        verdicts([row(requests_per_second=rate)], stated={"requests_per_second": "2-4"})["requests_per_second"]
        == verdict
    )


@pytest.mark.parametrize(
    ("at_once", "failed", "verdict"), [(4, 0, "pass"), (3, 0, "conditional"), (2, 0, "fail"), (4, 1, "fail")]
)
def test_the_stated_number_is_carried_only_without_a_failure(at_once, failed, verdict):
    found = verdicts([row(concurrency=at_once, failed=failed)], {"concurrency": at_once}, {"concurrency": "3-4"})
    assert found["concurrency"] == verdict


@pytest.mark.parametrize(("rate", "verdict"), [(90.0, "pass"), (89.9, "conditional")])
def test_slower_than_foretold_is_a_condition_and_no_failure(rate, verdict):
    predicted = [{"concurrency": 4, "total_tokens_per_second": [100, 200]}]
    assert verdicts([row(tokens_per_second=rate)], {"predicted": predicted})["tokens_per_second"] == verdict


def test_what_is_not_stated_is_not_judged_and_other_numbers_only_by_their_failures():
    assert set(verdicts([row()])) == {"failed_percent", "first_token_seconds"}
    assert set(verdicts([row(concurrency=8)], stated={"requests_per_second": "2"})) == {"failed_percent"}


def test_steps_without_a_failure_are_told_in_one_line_and_the_others_each():
    rows = [row(concurrency=n, failed=failed) for n, failed in ((1, 0), (4, 0), (8, 3), (16, 6))]
    told = [figure for figure in judge.figures(rows[:2], {"concurrency": 99}, {}, LIMITS)]
    assert [figure["text"]["en"] for figure in told] == ["0 of all 24 requests failed"]
    told = judge.figures(rows, {"concurrency": 99}, {}, LIMITS)
    assert [(figure["step"]["concurrency"], figure["measured"]) for figure in told] == [(8, 25.0), (16, 50.0)]
    allowed = {**LIMITS, "failed_percent": 25}
    assert [figure["measured"] for figure in judge.figures(rows[:3], {"concurrency": 99}, {}, allowed)] == [25.0]
    assert judge.figures([], {"concurrency": 4}, {}, LIMITS) == []


def test_where_nobody_was_answered_there_is_no_first_token_to_praise():
    nothing = {"p50": 0, "p90": 0, "p99": 0}
    found = verdicts(
        [row(failed=12, first_token_ms=nothing, requests_per_second=0.0)], stated={"requests_per_second": "2"}
    )
    assert found == {"failed_percent": "fail", "requests_per_second": "fail"}


def test_the_worst_counts():
    assert judge.worst(["pass", "conditional", "pass"]) == "conditional"
    assert judge.worst(["fail", "conditional"]) == "fail" and judge.worst([]) == "pass"


def test_a_profile_overlays_the_default():
    catalog = {
        "default": {"near": 0.9, "skip": []},
        "lab": {"skip": ["needle"]},
        "cause-x": {"texts": [{"zh": "甲", "en": "a"}]},
    }
    assert judge.limits_of(catalog, "lab") == ({"near": 0.9, "skip": ["needle"]}, {"x": [{"zh": "甲", "en": "a"}]})
    assert judge.limits_of(catalog, "other")[0] == {"near": 0.9, "skip": []}


def test_what_is_missed_is_listed_with_its_causes():
    report = {
        "figures": [
            {"key": "a", "verdict": "pass", "text": {}},
            {"key": "b", "verdict": "conditional", "text": {}, "causes": [1]},
            {"key": "e", "verdict": "skipped", "text": {}},
        ],
        "function": [{"id": "c", "verdict": "skipped", "name": {}}, {"id": "d", "verdict": "fail", "name": {}}],
        "quality": {
            "areas": [
                {"area": "maths", "verdict": "conditional", "name": {}, "causes": [2]},
                {"area": "code", "verdict": "skipped", "name": {}, "causes": [2]},
            ],
            "signs": [{"key": "token", "verdict": "fail", "name": {}, "causes": [3]}],
        },
    }
    assert [(row["key"], row["causes"]) for row in judge.missed(report)] == [
        ("b", [1]), ("d", []), ("maths", [2]), ("token", [3]),
    ]  # fmt: skip
