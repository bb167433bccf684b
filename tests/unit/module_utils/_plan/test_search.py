# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for every model, card and wish."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import read_shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.search import (
    BATCHES,
    LENGTH_STEP,
    Problem,
    evaluate,
    fits,
    layouts,
    longest_context,
    most_requests,
    search,
    tensor_fault,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sizing.common import declared, first_unit, load_catalog, plan

CATALOG = load_catalog()


SHAPES = [read_shape(entry["config"], name) for name, entry in CATALOG["models"].items() if not name.startswith("tiny")]


MORE = settings(max_examples=150, deadline=None, derandomize=True)


@st.composite
def problems(draw):
    context = draw(st.sampled_from([2048, 8192, 32768]))
    shape = draw(st.sampled_from(SHAPES))
    return Problem(
        shape=shape,
        version=draw(st.sampled_from([(0, 32, 0), (0, 33, 0), (0, 8, 5)])),
        nodes=draw(st.integers(1, 4)),
        gpus=draw(st.integers(1, 8)),
        total_gib=draw(st.floats(10, 192)),
        consumer=draw(st.booleans()),
        utilization=draw(st.sampled_from([0.8, 0.92])),
        context=context,
        concurrency=draw(st.integers(1, 200)),
        request_tokens=draw(st.sampled_from([512, 2048])),
        kv_dtype=draw(st.sampled_from(["auto", "fp8"])),
        eager=draw(st.booleans()),
        experts=draw(st.booleans()),
        contexts=draw(st.booleans()),
        joins=draw(st.sampled_from(["", "also", "always"])) if shape.moe else "",
        drafted=draw(st.integers(0, 1)),
    )


@MORE
@given(problems(), st.floats(0.1, 60))
def test_more_memory_never_shortens_the_context(problem, extra):
    bigger = dataclasses.replace(problem, total_gib=problem.total_gib + extra)
    assert longest_context(bigger) >= longest_context(problem)
    if fits(problem):
        assert fits(bigger)


@MORE
@given(problems(), st.integers(0, 4), st.integers(0, 4))
def test_more_cards_never_make_a_fitting_plan_refuse(problem, gpus, nodes):
    if fits(problem):
        assert fits(dataclasses.replace(problem, gpus=problem.gpus + gpus))
        assert fits(dataclasses.replace(problem, nodes=problem.nodes + nodes))


@MORE
@given(problems())
def test_every_layout_is_valid_for_its_model(problem):
    shape = problem.shape
    for layout in layouts(problem):
        assert shape.heads % layout.tensor == 0 and layout.tensor <= problem.gpus
        if layout.joined:
            cards = layout.tensor * layout.data
            assert problem.joins and layout.data > 1 and layout.span == problem.nodes == layout.pipeline == 1
            assert (shape.experts if layout.expert else shape.moe_inter) % cards == 0
            assert layout.expert or (shape.moe_inter // cards) % (shape.quant.block or 1) == 0
            assert tensor_fault(shape, layout.tensor, True) is None and layout.used <= problem.gpus
            continue
        assert layout.data == 1 or problem.joins != "always", "vLLM would spread the experts over all replicas"
        assert (tensor_fault(shape, layout.tensor) is None) is not layout.expert
        assert tensor_fault(shape, layout.tensor, layout.expert) is None and layout.tensor % layout.context == 0
        assert problem.contexts or layout.context == 1
        assert layout.pipeline <= shape.layers and layout.pipeline % layout.span == 0
        assert layout.used <= problem.gpus * problem.nodes
        assert layout.data == 1 or layout.span == 1
        if layout.expert:
            assert problem.experts and shape.experts % layout.tensor == 0
        elif shape.quant.block:
            assert (shape.moe_inter // layout.tensor) % shape.quant.block == 0


@MORE
@given(problems())
def test_a_chosen_layout_holds_the_wish(problem):
    chosen = next(iter(search(problem)), None)
    if chosen and chosen.fits:
        assert chosen.tokens >= problem.context
        assert chosen.tokens * chosen.layout.data >= problem.concurrency * problem.request_tokens
        assert chosen.memory.weights < chosen.memory.budget
        assert chosen.memory.budget + chosen.memory.graphs_outside <= problem.total_gib


@MORE
@given(problems())
def test_less_wished_still_fits(problem):
    if fits(problem):
        assert fits(dataclasses.replace(problem, concurrency=max(1, problem.concurrency // 2)))
        assert fits(dataclasses.replace(problem, context=problem.context // 2, request_tokens=512))


@MORE
@given(problems())
def test_nothing_that_is_skipped_would_fit(problem):
    """The quick ways (smallest batch alone, cards that can't hold the weights) against sizing everything."""
    every = [evaluate(problem, layout, batched) for layout in layouts(problem) for batched in BATCHES]
    assert fits(problem) is any(candidate.fits for candidate in every)
    found = search(problem)
    assert bool(found and found[0].fits) is fits(problem)
    for layout in layouts(problem):
        tries = [candidate for candidate in every if candidate.layout == layout]
        wanted = next((candidate for candidate in tries if candidate.fits), tries[-1])
        assert wanted in found


def test_what_a_refusal_offers_is_counted_with_the_batch_that_leaves_the_most_room():
    shape = read_shape(CATALOG["models"]["deepseek-r1-7b"]["config"], "7b")
    problem = Problem(
        shape=shape, version=(0, 32, 0), nodes=1, gpus=1, total_gib=23.5, consumer=True, utilization=0.92,
        context=8192, concurrency=4, request_tokens=512,
    )  # fmt: skip
    (layout,) = layouts(problem)
    by_batch = [evaluate(problem, layout, batched) for batched in BATCHES]
    assert [one.requests for one in by_batch] == sorted({one.requests for one in by_batch}), "each leaves more room"
    assert most_requests(problem) == by_batch[-1].requests
    assert longest_context(problem) == by_batch[-1].tokens // LENGTH_STEP * LENGTH_STEP


def test_a_refusal_sizes_few_layouts():
    """148 ms for 1235 of them before; a refusal tries up to 64 cards, other checkpoints and caches."""
    for model, gpu, nodes in (("deepseek-r1-671b", "l4-24g", 2), ("qwen3-235b-a22b", "rtx-3090-24g", 1)):
        evaluate.cache_clear()
        with pytest.raises(Refusal):
            plan(CATALOG, declared(gpu, 8, nodes), profile="flagship", model=model)
        assert evaluate.cache_info().misses < 150


@MORE
@given(problems())
def test_search_is_deterministic(problem):
    assert search(problem) == search(dataclasses.replace(problem))


def test_planning_is_deterministic():
    nodes = declared("h20-96g", 8, 2)
    assert plan(CATALOG, nodes, profile="flagship") == plan(load_catalog(), nodes, profile="flagship")


def test_blocks_forbid_tensor_32():
    r1 = next(shape for shape in SHAPES if shape.mla)
    assert tensor_fault(r1, 16) is None and tensor_fault(r1, 32) is not None


def made(model, nodes, **wish):
    """The first engine of a plan, and the ids of its warnings."""
    whole = plan(CATALOG, nodes, profile="flagship", model=model, **wish)
    return first_unit(whole), {warning["id"] for warning in whole["warnings"]}


def test_whole_experts_where_their_parts_cannot_be_divided():
    """1536 / 8 is no multiple of 128; vLLM's documentation starts Qwen3-235B-FP8 on eight cards in the same way."""
    fp8 = {"precision": "fp8", "context_length": 32768, "concurrency": 16}
    unit, ids = made("qwen3-235b-a22b", declared("l40s-48g", 8), **fp8)
    assert unit["layout"] == {"tensor": 8, "pipeline": 1, "data": 1, "expert": 8}
    assert "--enable-expert-parallel" in unit["args"] and "LLM573" in ids
    unit, ids = made("qwen3-235b-a22b", declared("h200-141g", 4), **fp8)
    assert unit["layout"]["tensor"] == 4
    assert "--enable-expert-parallel" not in unit["args"] and "LLM573" not in ids


@pytest.mark.parametrize("model", ["minimax-m2.1", "qwen3-235b-a22b"])
@pytest.mark.parametrize(("gpu", "count", "nodes"), [("h200-141g", 8, 1), ("h20-96g", 8, 2), ("h200-141g", 6, 1)])
def test_replicas_never_cut_the_experts_where_they_cannot_be_cut(model, gpu, count, nodes):
    """vLLM spreads experts over all data ranks: two replicas of four cards would have 192 rows of a block of 128."""
    unit, _ids = made(model, declared(gpu, count, nodes), precision="native" if "m2" in model else "fp8")
    layout = unit["layout"]
    cards = layout["tensor"] * layout["data"]
    whole = "--enable-expert-parallel" in unit["args"]
    assert whole is ("expert" in layout) and (whole or (1536 // cards) % 128 == 0)
    assert layout["data"] == 1 or layout["joined"] == cards


LONG = {"context_length": 8192, "allow_remote_code": "its tokenizer"}  # and requests of as many


def test_attention_by_data_where_a_cache_on_each_card_is_too_small():
    """The same eight cards: few requests share them all, many get groups of cards with a cache of their own."""
    cards = declared("h200-141g", 8)
    few, ids = made("deepseek-r1-671b", cards, concurrency=16, without=["speculation"], **LONG)
    assert few["layout"]["data"] == 1 and "LLM582" not in ids
    many, ids = made("deepseek-r1-671b", cards, concurrency=128, **LONG)
    layout = many["layout"]
    assert layout["joined"] == layout["expert"] == layout["tensor"] * layout["data"] == 8 and layout["data"] > 1
    assert "--enable-expert-parallel" in many["args"] and "LLM582" in ids
    assert many["args"][many["args"].index("--data-parallel-size") + 1] == str(layout["data"])
    assert many["capacity"]["kv_tokens"] >= 128 * 8192 > few["capacity"]["kv_tokens"]
    off, ids = made("deepseek-r1-671b", cards, concurrency=128, without=["data_attention"], **LONG)
    assert "joined" not in off["layout"] and "--data-parallel-size" not in off["args"] and "LLM582" not in ids
    with pytest.raises(Refusal) as refused:
        made("deepseek-r1-671b", cards, without=["experts"], **LONG)
    assert refused.value.rule == "LLM526"


def test_sglang_is_told_of_all_cards():
    unit, _ids = made("deepseek-r1-671b", declared("h200-141g", 8), concurrency=128, engine="sglang", **LONG)
    layout, args = unit["layout"], unit["args"]
    assert layout["joined"] == 8
    assert [args[args.index(flag) + 1] for flag in ("--tp-size", "--ep-size", "--attn-dp-size")] == [
        "8", "8", str(layout["data"]),
    ]  # fmt: skip


def test_a_shared_cache_only_where_a_copy_on_each_card_is_too_small():
    wish = {"context_length": 131072, "allow_remote_code": "its tokenizer", "without": ["data_attention"]}
    few, ids = made("kimi-k2-thinking", declared("h200-141g", 8), concurrency=2, **wish)
    assert "context" not in few["layout"] and "LLM574" not in ids
    many, ids = made("kimi-k2-thinking", declared("h200-141g", 8), concurrency=384, **wish)
    context = many["layout"]["context"]
    assert many["args"][many["args"].index("--decode-context-parallel-size") + 1] == str(context) and "LLM574" in ids
    assert context > 1 and many["layout"]["tensor"] % context == 0
    assert many["capacity"]["kv_tokens"] >= 384 * 4096
    for other in ({"engine": "sglang"}, {"kv_cache_dtype": "fp8"}):  # not with these
        try:
            unit, _ids = made("kimi-k2-thinking", declared("h200-141g", 8), concurrency=384, **wish, **other)
        except Refusal:
            continue
        assert "context" not in unit["layout"]
    with pytest.raises(Refusal):  # no such kernels on Ampere
        made("kimi-k2-thinking", declared("a100-80g", 8, 2), concurrency=900, **wish)


def test_unequal_nodes_use_what_they_can_and_say_what_stays_idle():
    nodes = {**declared("a100-80g", 4), "n2": declared("a100-80g", 2, 2)["n2"]}
    unit, ids = made("deepseek-r1-70b", nodes, context_length=32768, concurrency=4)
    assert (
        unit["layout"] == {"tensor": 4, "pipeline": 1, "data": 1} and "LLM572" in ids
    )  # 2 + 2 would be two small replicas
    turned = {"n1": declared("a100-80g", 2)["n1"], "n2": declared("a100-80g", 4, 2)["n2"]}
    unit, ids = made("deepseek-r1-70b", turned, context_length=8192, concurrency=4)
    assert unit["layout"]["tensor"] * unit["layout"]["pipeline"] * unit["layout"]["data"] == 4 and "LLM572" in ids
    _equal, ids = made("deepseek-r1-70b", declared("a100-80g", 4, 2), context_length=8192, concurrency=4)
    assert "LLM572" not in ids
