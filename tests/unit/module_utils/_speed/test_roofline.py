# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roofline: what must hold whatever the constants are."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import read_shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import Stage, stage_weights
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import config_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._speed.roofline import (
    Card,
    Habits,
    Load,
    cache_read,
    parts_of,
    prefill_seconds,
    rate,
    speed,
    step_seconds,
    touched,
)

from tests.sizing.speed_cases import read, source_of
from tests.sizing.speed_fit import begin

CARD = Card(1e12, 1e14, 2e14, 4e14, 3e14, 1e11, 1e-5, 1.0, 1.0, 1.0)
NONE = Habits(0.0, 0.0, 0.0, 0.0, 0.0)


def shape_of(catalog, name):
    return read_shape(config_of(catalog["models"][name], {}), name)


def load(catalog, name="deepseek-r1-7b", tensor=1, pipeline=1, data=1):
    return Load(shape_of(catalog, name), tensor, pipeline, data)


def test_one_request_reads_all_weights_but_the_embedding_once(catalog):
    """With nothing else to do, a step takes the bytes over the bandwidth."""
    run = load(catalog)
    whole = stage_weights(run.shape, Stage(run.shape.layers, True, True, 0), 1)
    embedding = run.shape.vocab * run.shape.hidden * 2
    bytes_read = step_seconds(run, CARD, NONE, 1, 0) * CARD.bandwidth
    assert bytes_read == pytest.approx(whole - embedding, rel=0.01)


def test_experts_are_read_as_far_as_tokens_go_to_them(catalog):
    shape = shape_of(catalog, "deepseek-r1-671b")
    assert touched(shape, 1) == pytest.approx(8 / 256)
    assert touched(shape, 32) == pytest.approx(1 - (1 - 8 / 256) ** 32)
    assert touched(shape, 4096) == pytest.approx(1.0)
    assert touched(shape_of(catalog, "deepseek-r1-7b"), 5) == 0.0
    run = load(catalog, "deepseek-r1-671b", tensor=8)
    active = step_seconds(run, dataclasses.replace(CARD, latency=0.0), NONE, 1, 0) * CARD.bandwidth * 8
    assert 35e9 < active < 50e9  # 37 B active, in 8 bit, with MLA's parts that every card has whole


def test_the_cache_grows_with_the_context_where_it_does(catalog):
    def bytes_of(name, context, tensor=1):
        shape = shape_of(catalog, name)
        return cache_read(shape, parts_of(shape, tensor, 1)[0], tensor, context, "auto")

    assert bytes_of("deepseek-r1-671b", 1000) == 61 * 576 * 2 * 1000
    assert bytes_of("deepseek-r1-671b", 1000, tensor=8) == bytes_of(
        "deepseek-r1-671b", 1000
    )  # MLA: a copy on every rank
    assert bytes_of("deepseek-r1-32b", 1000, tensor=4) == bytes_of("deepseek-r1-32b", 1000) / 4
    linear = bytes_of("qwen3-next-80b-a3b", 1000), bytes_of("qwen3-next-80b-a3b", 100000)
    assert linear[1] < 100 * linear[0]
    sparse = bytes_of("deepseek-v3.2", 4096), bytes_of("deepseek-v3.2", 40960)
    assert sparse[1] < 4 * sparse[0]
    window = bytes_of("gpt-oss-20b", 128), bytes_of("gpt-oss-20b", 12800)
    assert window[1] < 60 * window[0]


def test_formats_compute_at_their_own_rate(catalog):
    shape = shape_of(catalog, "deepseek-r1-671b")
    assert rate(shape.quant, CARD) == CARD.flops8
    for method, bits, flops in (
        ("awq", 4, 1e14),
        ("gptq", 4, 1e14),
        ("nvfp4", 4, 4e14),
        ("int8", 8, 3e14),
        ("", 16, 1e14),
    ):
        assert rate(dataclasses.replace(shape.quant, method=method, bits=bits), CARD) == flops, method


@pytest.mark.parametrize(
    "name", ["deepseek-r1-7b", "deepseek-r1-671b", "gpt-oss-120b", "qwen3.5-35b-a3b", "deepseek-v4-flash"]
)
def test_more_is_never_faster_for_one_nor_slower_for_all(catalog, name):
    run, habits = load(catalog, name), Habits(1e-3, 1e-5, 3e-4, 1e-4, 2e-5)
    found = [speed(run, CARD, habits, requests, 1024, 512) for requests in (1, 2, 8, 30, 90)]
    assert [each.each for each in found] == sorted((each.each for each in found), reverse=True)
    assert [each.total for each in found] == sorted(each.total for each in found)
    assert [each.first_token for each in found] == sorted(each.first_token for each in found)
    longer = speed(run, CARD, habits, 8, 8192, 512)
    assert longer.each < found[2].each and longer.first_token > found[2].first_token


def test_cards_help_and_links_cost(catalog):
    habits = Habits(1e-3, 1e-5, 3e-4, 1e-4, 2e-5)
    one, four = load(catalog, "deepseek-r1-32b"), load(catalog, "deepseek-r1-32b", tensor=4)
    assert step_seconds(four, CARD, habits, 1, 100) < step_seconds(one, CARD, habits, 1, 100)
    slow = dataclasses.replace(CARD, link=1e9, latency=1e-4)
    assert step_seconds(four, slow, habits, 16, 100) > step_seconds(four, CARD, habits, 16, 100)
    assert prefill_seconds(four, slow, habits, 4096) > 2 * prefill_seconds(four, CARD, habits, 4096)
    staged = load(catalog, "deepseek-r1-32b", pipeline=4)
    assert step_seconds(staged, CARD, habits, 1, 100) > 0.9 * step_seconds(
        one, CARD, habits, 1, 100
    )  # one after another
    assert speed(staged, CARD, habits, 32, 512, 512).total > speed(one, CARD, habits, 32, 512, 512).total
    far = dataclasses.replace(staged, spans=True)
    assert step_seconds(far, CARD, habits, 32, 100) > step_seconds(staged, CARD, habits, 32, 100)
    twice = load(catalog, "deepseek-r1-32b", data=2)
    assert speed(twice, CARD, habits, 1, 512, 512) == speed(one, CARD, habits, 1, 512, 512)
    assert speed(twice, CARD, habits, 8, 512, 512).total == pytest.approx(
        2 * speed(one, CARD, habits, 4, 512, 512).total
    )


def test_an_eager_engine_and_a_packed_format_are_slower(catalog):
    run = load(catalog)
    graphs, eager = Habits(0, 1e-5, 4e-4, 0, 0), Habits(0, 4e-4, 4e-4, 0, 0)
    assert step_seconds(run, CARD, eager, 1, 10) > step_seconds(run, CARD, graphs, 1, 10)
    assert prefill_seconds(run, CARD, eager, 1) == prefill_seconds(run, CARD, graphs, 1)  # no graph for prompts
    awq = dataclasses.replace(
        run,
        shape=dataclasses.replace(
            run.shape, quant=dataclasses.replace(run.shape.quant, method="awq", bits=4, group=128)
        ),
    )
    assert step_seconds(awq, CARD, dataclasses.replace(NONE, packed=0.5), 1, 0) > step_seconds(awq, CARD, NONE, 1, 0)


ROOT = Path(__file__).resolve().parents[4]
DATA = ROOT / "tests" / "sizing" / "data" / "speed.jsonl"


def test_runs_name_their_source():
    cases = read(str(DATA))
    assert len({case["id"] for case in cases}) == len(cases) >= 100
    public = [case for case in cases if case["source"].startswith("https://") and not case.get("scope")]
    assert len(public) >= 60 and len({source_of(case) for case in public}) >= 14
    for case in cases:
        assert case["source"] and case["engine"] and case["model"] and case["concurrency"] >= 1 and case["measured"], (
            case["id"]
        )
        assert set(case["measured"]) <= {"step", "each", "total", "ttft", "requests", "reading"}, case["id"]


def test_the_table_of_measured_runs():
    """The command that `make speed-accuracy` runs, without the fits: they take minutes."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.sizing.speed_accuracy", str(DATA), "--quick"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    assert figures["figures"] >= 95 and figures["sources"] >= 17
    assert figures["median"] <= 0.12 and figures["p90"] <= 0.45


def test_a_fit_begins_from_what_the_last_one_wrote(catalog):
    fresh = begin(catalog["speeds"])
    assert fresh["spread"] == catalog["speeds"]["spread"]
    assert set(fresh) == set(catalog["speeds"])
