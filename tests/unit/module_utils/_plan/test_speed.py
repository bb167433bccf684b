# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicted speeds in a plan: ranges beside the profile's figures, and never in its way."""

from __future__ import annotations

import copy
import re
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.speed import SHORT_REQUEST

from tests.sizing.common import declared, plan


def of(made):
    return made["speed"][made["model"]["served_name"]]


def test_a_plan_says_how_fast(catalog):
    found = of(plan(catalog, declared("rtx-4090-24g", 2)))
    assert found["predicted"] and (found["prompt_tokens"], found["answer_tokens"]) == (1024, 3072)
    assert [row["concurrency"] for row in found["rows"]] == [1, 8, 30]
    for row in found["rows"]:
        for key, ends in row.items():
            assert key == "concurrency" or 0 < ends[0] <= ends[1], key
    alone, eight, planned = found["rows"]
    assert alone["request_tokens_per_second"][0] > planned["request_tokens_per_second"][0]
    assert (
        alone["total_tokens_per_second"][1]
        < eight["total_tokens_per_second"][1]
        < planned["total_tokens_per_second"][1]
    )
    assert planned["first_token_seconds"][1] > 4 * alone["first_token_seconds"][1]  # all at the same moment


def test_the_profile_s_figures_get_a_verdict(catalog):
    found = {row["key"]: row for row in of(plan(catalog, declared("rtx-4090-24g", 2)))["stated"]}
    rate = found["requests_per_second"]
    assert rate["stated"] == "10-20" and rate["verdict"] == "possible" and rate["predicted"][1] < 10
    said = re.search(r"10 is reached with up to (\d+) to (\d+) tokens each", rate["text"]["en"])
    sure, best = map(int, said.groups())
    assert SHORT_REQUEST < sure < best < 4096  # the figure names no length: a usual request is longer
    assert found["concurrency"]["verdict"] == "met" and "the cache holds" in found["concurrency"]["text"]["en"]
    catalog["profiles"]["basic"].update(stated={"concurrency": 4000, "requests_per_second": 0.01}, prompt_tokens=4000)
    made = of(plan(catalog, declared("rtx-4090-24g", 2)))
    assert {row["key"]: row["verdict"] for row in made["stated"]} == {
        "requests_per_second": "met",
        "concurrency": "short",
    }
    assert (made["prompt_tokens"], made["answer_tokens"]) == (4000, 96)
    catalog["profiles"]["basic"].update(stated={"requests_per_second": "2-4"}, prompt_tokens=512)
    made = of(plan(catalog, declared("rtx-4090-24g", 2)))
    assert "2 is reached with up to" in made["stated"][0]["text"]["en"]
    catalog["profiles"]["basic"]["stated"] = {"requests_per_second": 5000}
    (row,) = of(plan(catalog, declared("rtx-4090-24g", 2)))["stated"]
    assert row["verdict"] == "short" and "5000 is out of reach even with requests of 77 tokens" in row["text"]["en"]
    catalog["profiles"]["basic"]["stated"] = {"requests_per_second": row["predicted"][1]}  # its upper end alone
    assert of(plan(catalog, declared("rtx-4090-24g", 2)))["stated"][0]["verdict"] == "possible"
    catalog["profiles"]["basic"]["stated"] = {"requests_per_second": "many", "concurrency": None}
    assert of(plan(catalog, declared("rtx-4090-24g", 2)))["stated"] == []


def test_alternatives_have_their_own(catalog):
    made = plan(catalog, declared("rtx-4090-24g", 4), profile="standard", concurrency=4)
    assert [row["layout"] for row in of(made)["alternatives"]] == [row["layout"] for row in made["alternatives"]] != []


def test_two_copies_are_twice_as_fast_as_half_the_requests_on_one(catalog):
    both = of(plan(catalog, declared("h100-80g", 2, memory_gib=500), replicas=2, concurrency=16))
    one = of(plan(catalog, declared("h100-80g", 1, memory_gib=500), concurrency=8))
    assert both["rows"][-1]["concurrency"] == 16
    assert both["rows"][-1]["total_tokens_per_second"][0] == pytest.approx(
        2 * one["rows"][-1]["total_tokens_per_second"][0], rel=0.02
    )


@pytest.mark.parametrize(
    ("nodes", "more", "reason"),
    [
        (declared("", 0, memory_gib=24), {"profile": "lab"}, "runs on CPUs"),
        (declared("k100-ai-64g", 1), {}, "no bandwidth"),
        (
            declared("rtx-4090-24g", 1, memory_gib=600),
            {"engine": "llamacpp", "model": "deepseek-r1-671b", "concurrency": 1},
            "main memory",
        ),
    ],
)
def test_no_prediction_says_why(catalog, nodes, more, reason):
    found = of(plan(catalog, nodes, **more))
    assert not found["predicted"] and reason in found["reason"]["en"] and found["reason"]["zh"] and found["rows"] == []


def test_gguf_on_the_cards_is_predicted(catalog):
    found = of(
        plan(catalog, declared("rtx-4090-24g", 1, memory_gib=64), engine="ollama", concurrency=2, context_length=4096)
    )
    assert found["predicted"] and 40 < found["rows"][0]["request_tokens_per_second"][1] < 400


@pytest.mark.parametrize(
    "break_it",
    [
        lambda found: found["gpus"]["rtx-4090-24g"]["speed"].update(gbs="fast"),
        lambda found: found["gpus"]["rtx-4090-24g"]["speed"].update(gbs=0),
        lambda found: found["gpus"]["rtx-4090-24g"]["speed"].update(tflops=None),
        lambda found: found["gpus"]["rtx-4090-24g"].update(speed="fast"),
        lambda found: found["speeds"].clear(),
        lambda found: found["speeds"]["engine-vllm"].update(step_us=None),
        lambda found: found["speeds"].update({"spread": {}}),
        lambda found: found["profiles"]["basic"].update(prompt_tokens="long"),
        lambda found: found["profiles"]["basic"].update(stated="10 requests/s"),
    ],
)
def test_broken_figures_never_stand_in_a_plan_s_way(catalog, break_it):
    whole = plan(copy.deepcopy(catalog), declared("rtx-4090-24g", 2))
    break_it(catalog)
    made = plan(catalog, declared("rtx-4090-24g", 2))
    assert not of(made)["predicted"]
    assert {key: value for key, value in made.items() if key != "speed"} == {
        key: value for key, value in whole.items() if key != "speed"
    }


def test_a_prediction_takes_no_time(catalog):
    nodes = declared("h20-96g", 8, 2)
    plan(catalog, nodes, profile="flagship")
    began = time.process_time()
    for _turn in range(5):
        plan(catalog, nodes, profile="flagship")
    assert (time.process_time() - began) / 5 < 0.05
