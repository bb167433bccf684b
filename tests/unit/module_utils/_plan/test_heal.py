# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A start that ended for lack of memory, and the plan that is made after it."""

from __future__ import annotations

import dataclasses
import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.calibrate import add_rows, kv_factor, learn
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.heal import ended_rows, ladder
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.make import shares
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import read_wish

from tests.sizing.common import declared, first_unit, plan

CARDS = declared("rtx-4090-24g", 2)
LONG = {"context_length": 131072, "concurrency": 2}
LINE = {"line": "what it said"}
CONTEXT = {"kind": "context", "max_len": 131072, "need_gib": 3.5, "kv_gib": 2.5, "longest": 93616, **LINE}
FREE = {"kind": "free", "free_gib": 18.5, "total_gib": 23.5, **LINE}
GRAPHS = {"kind": "graphs", "tried_gib": 0.5, "free_gib": 0.1, "total_gib": 23.5, "kv_gib": 12.9, **LINE}
LOAD = {"kind": "load", "tried_gib": 0.5, "free_gib": 0.1, "total_gib": 23.5, **LINE}


def wishes(catalog, nodes, **wish):
    found = read_wish({"deployment": "demo", "profile": "basic", "nodes": nodes, **wish}, catalog)
    return [part for _suffix, part in shares(found)]


def ends(catalog, nodes, said, rows=(), **wish):
    """Rows after the plan of a wish was started, and its head's engines said that."""
    made = plan(catalog, nodes, calibration=list(rows), **wish)
    unit = first_unit(made)["name"]
    learned = ended_rows(made, wishes(catalog, nodes, **wish), {"n1": {unit: said}})
    return made, json.loads(json.dumps(add_rows(list(rows), learned)))  # as they come back from the file


def warned(made, rule="LLM580"):
    return [row for row in made["warnings"] if row["id"] == rule]


def argument(made, flag, unit=None):
    args = (unit or first_unit(made))["args"]
    return args[args.index(flag) + 1]


def test_a_shorter_context_by_the_engines_own_number(catalog):
    before, rows = ends(catalog, CARDS, CONTEXT, **LONG)
    made = plan(catalog, CARDS, calibration=rows, **LONG)
    unit, old = first_unit(made), first_unit(before)
    context = unit["capacity"]["context"]
    assert 80_000 < context < 93616 and unit["capacity"]["concurrency"] == 2
    assert argument(made, "--max-model-len") == str(context) and made["model"]["context"] == context
    assert unit["layout"] == old["layout"], "the numbers are those of this layout"
    assert unit["capacity"]["kv_tokens"] >= context
    (told,) = warned(made)
    assert f"131072 -> {context}" in told["en"] and "93616" in told["zh"] and not warned(before)
    assert made["why"][0]["key"] == "healed" and made["why"][0]["source"] == LINE["line"]
    parts = unit["memory"]["per_gpu_gib"]
    shown = sum(parts[key] for key in ("weights", "kv", "activation", "graphs", "non_torch", "margin", "outside"))
    assert shown == pytest.approx(parts["total"], abs=0.1)


def test_the_same_again_in_every_later_run(catalog):
    """What was learned leads to the same plan again, also with a row of the start that went well after it."""
    _before, rows = ends(catalog, CARDS, CONTEXT, **LONG)
    made = plan(catalog, CARDS, calibration=rows, **LONG)
    log = "GPU KV cache size: 93,616 tokens\nAvailable KV cache memory: 2.50 GiB"
    found = learn(made, {first_unit(made)["name"]: log})
    assert found["warnings"] == [], "the engine is as large as the smaller plan says"
    rows = add_rows(rows, found["rows"])
    assert [row.get("kind") for row in rows] == ["ended", None]
    assert plan(catalog, CARDS, calibration=rows, **LONG) == made
    assert kv_factor(rows, "0.32.0", "rtx-4090-24g") > 0.9, "other models on the card are planned as before"


@pytest.mark.parametrize(
    "change",
    [{"precision": "fp8"}, {"kv_cache_dtype": "fp8"}, {"model": "deepseek-r1-1.5b"},
     {"nodes": declared("rtx-4090-24g", 4)}, {"nodes": declared("l20-48g", 2)}],
    ids=str,
)  # fmt: skip
def test_other_plans_are_not_touched(catalog, change):
    _before, rows = ends(catalog, CARDS, CONTEXT, **LONG)
    wish = {"nodes": CARDS, **LONG, **change}
    assert plan(catalog, calibration=rows, **wish) == plan(catalog, **wish)


def test_a_wish_that_is_small_enough_is_kept_without_a_word_of_change(catalog):
    _before, rows = ends(catalog, CARDS, CONTEXT, **LONG)
    made = plan(catalog, CARDS, calibration=rows, context_length=32768, concurrency=2)
    assert first_unit(made)["capacity"]["context"] == 32768 and not warned(made)


def test_fewer_requests_where_no_context_helps(catalog):
    said = {"kind": "cache", "kv_gib": -0.2, **LINE}
    nodes = declared("rtx-4090-24g", 1)
    wish = {"concurrency": 20, "context_length": 8192}
    before, rows = ends(catalog, nodes, {**said, "kv_gib": 4.0}, **wish)
    with pytest.raises(Refusal):
        plan(catalog, nodes, calibration=[{**rows[0], "said": said}], **wish)
    made = plan(catalog, nodes, calibration=rows, **wish)
    held = first_unit(made)["capacity"]
    assert 15 <= held["concurrency"] < 20 and held["context"] == 8192
    assert first_unit(before)["capacity"]["concurrency"] == 20
    assert argument(made, "--max-num-seqs") == str(held["concurrency"])


def test_a_card_that_others_share(catalog):
    _before, rows = ends(catalog, CARDS, FREE)
    made = plan(catalog, CARDS, calibration=rows)
    assert argument(made, "--gpu-memory-utilization") == "0.78" and 0.78 * 23.5 < 18.5
    assert first_unit(made)["capacity"]["context"] == 16384 and "0.92 -> 0.78" in warned(made)[0]["en"]


def test_graphs_that_found_no_room(catalog):
    _before, rows = ends(catalog, CARDS, GRAPHS)
    made = plan(catalog, CARDS, calibration=rows)
    assert argument(made, "--gpu-memory-utilization") == "0.89"
    bare = {"kind": "graphs", **LINE}
    _before, rows = ends(catalog, CARDS, bare)
    assert float(argument(plan(catalog, CARDS, calibration=rows), "--gpu-memory-utilization")) < 0.88


@pytest.mark.parametrize("engine", ["sglang", "lmdeploy"])
def test_other_engines_leave_more_of_the_card(catalog, engine):
    flag = {"sglang": "--mem-fraction-static", "lmdeploy": "--cache-max-entry-count"}[engine]
    wish = {"engine": engine}
    before, rows = ends(catalog, CARDS, GRAPHS, **wish)
    made = plan(catalog, CARDS, calibration=rows, **wish)
    assert float(argument(made, flag)) < float(argument(before, flag))
    _before, rows = ends(catalog, CARDS, {"kind": "cache", **LINE}, **wish)
    with pytest.raises(Refusal) as refused:
        plan(catalog, CARDS, calibration=rows, **wish)
    assert refused.value.rule == "LLM581"


def test_the_first_forward_pass_gets_a_smaller_batch(catalog):
    """Where the peak is the forward pass, the batch is made smaller before anything that was promised."""
    wish = {"model": "deepseek-r1-32b", "profile": "standard", "concurrency": 15, "context_length": 8192}
    nodes = declared("rtx-4090-24g", 4)
    before, rows = ends(catalog, nodes, {"kind": "cache", "kv_gib": 2.9, **LINE}, **wish)
    made = plan(catalog, nodes, calibration=rows, **wish)
    was, now = first_unit(before)["capacity"], first_unit(made)["capacity"]
    assert (now["context"], now["concurrency"]) == (was["context"], was["concurrency"])
    assert now["batched"] < was["batched"] and "max_num_batched_tokens" in warned(made)[0]["en"]


@pytest.mark.parametrize(
    "said", [LOAD, {**CONTEXT, "kv_gib": 0.02, "longest": 700}, {"kind": "cache", **LINE}], ids=str
)
def test_below_the_floor_it_refuses_with_the_numbers(catalog, said):
    before, rows = ends(catalog, CARDS, said, **LONG)
    with pytest.raises(Refusal) as refused:
        plan(catalog, CARDS, calibration=rows, **LONG)
    found = refused.value
    assert found.rule == "LLM581" and found.need["kv_gib"] > found.have["kv_gib"] >= 0
    if said["kind"] != "load":  # there it is the whole card
        promised = first_unit(before)["memory"]["per_gpu_gib"]["kv"]
        assert found.have["kv_gib"] < promised, "what the engine lacked is taken off, not added"
    assert found.need["context"] == 4096 and found.need["concurrency"] == 2
    assert "basic" in found.message() and LINE["line"] in found.message()


def test_what_ended_is_not_planned_again(catalog):
    """A number that does not explain the end changes nothing: then it refuses and does not start the same again."""
    _before, rows = ends(catalog, CARDS, {**CONTEXT, "kv_gib": 99.0, "longest": 10**6}, **LONG)
    with pytest.raises(Refusal) as refused:
        plan(catalog, CARDS, calibration=rows, **LONG)
    assert refused.value.rule == "LLM581"


def test_a_second_end_in_a_later_run_goes_one_step_further(catalog):
    _before, rows = ends(catalog, CARDS, CONTEXT, **LONG)
    again = {**CONTEXT, "kv_gib": 1.5, "longest": 56000}
    made, rows = ends(catalog, CARDS, again, rows, **LONG)
    assert len(rows) == 1 and rows[0]["was"]["context"] == first_unit(made)["capacity"]["context"]
    assert first_unit(plan(catalog, CARDS, calibration=rows, **LONG))["capacity"]["context"] < 56000


def test_what_ended_in_one_deployment_says_nothing_of_another(catalog):
    """Another program held the card there. A row from before deployments were named counts for each."""
    before, rows = ends(catalog, CARDS, CONTEXT, **LONG)
    healed = first_unit(plan(catalog, CARDS, calibration=rows, **LONG))
    assert healed != first_unit(before)
    other = {**LONG, "deployment": "another"}
    assert first_unit(plan(catalog, CARDS, calibration=rows, **other)) == first_unit(before)
    old = [{key: value for key, value in row.items() if key != "deployment"} for row in rows]
    assert first_unit(plan(catalog, CARDS, calibration=old, **other)) == healed


def test_on_two_nodes_both_get_the_new_plan(catalog):
    """The rank without room may be on either node; its words decide for both."""
    nodes = declared("h20-96g", 8, 2, memory_gib=1024)
    wish = {"profile": "flagship"}
    made = plan(catalog, nodes, **wish)
    unit = first_unit(made)["name"]
    said = {"n1": {}, "n2": {unit: {"kind": "graphs", "tried_gib": 1.0, "free_gib": 0.2, "total_gib": 95.2, **LINE}}}
    rows = ended_rows(made, wishes(catalog, nodes, **wish), said)
    assert [row["span"] for row in rows] == [2]
    healed = plan(catalog, nodes, calibration=rows, **wish)
    shares_now = {argument(healed, "--gpu-memory-utilization", healed["nodes"][n]["units"][0]) for n in ("n1", "n2")}
    (share,) = shares_now
    assert float(share) < float(argument(made, "--gpu-memory-utilization"))
    assert first_unit(healed)["layout"] == first_unit(made)["layout"]


def test_copies_that_were_planned_alike_are_made_smaller_alike(catalog):
    nodes, wish = declared("rtx-4090-24g", 4), {"concurrency": 16, "replicas": 2}
    made = plan(catalog, nodes, **wish)
    free = [{**FREE, "free_gib": size} for size in (20.5, 18.5)]
    said = {"n1": dict(zip(("yitiji-vllm-1", "yitiji-vllm-2"), free))}
    rows = ended_rows(made, wishes(catalog, nodes, **wish), said)
    assert [row["said"]["free_gib"] for row in rows] == [18.5]
    healed = plan(catalog, nodes, calibration=rows, **wish)
    assert {argument(healed, "--gpu-memory-utilization", unit) for unit in healed["nodes"]["n1"]["units"]} == {"0.78"}


def test_only_the_model_that_ended_is_made_smaller(catalog):
    nodes = declared("rtx-4090-24g", 4)
    wish = {"beside": [{"model": "deepseek-r1-1.5b", "cards": 1}], "model": "deepseek-r1-14b", "concurrency": 8}
    made = plan(catalog, nodes, **wish)
    guest = made["nodes"]["n1"]["units"][1]
    rows = ended_rows(made, wishes(catalog, nodes, **wish), {"n1": {guest["name"]: FREE}})
    healed = plan(catalog, nodes, calibration=rows, **wish)
    assert healed["nodes"]["n1"]["units"][0] == made["nodes"]["n1"]["units"][0]
    assert argument(healed, "--gpu-memory-utilization", healed["nodes"]["n1"]["units"][1]) == "0.78"


def test_without_a_card(catalog):
    nodes = declared("", 0, memory_gib=24)
    said = {"kind": "context", "max_len": 2048, "need_gib": 0.0, "kv_gib": 0.0, "longest": 1024, **LINE}
    _before, rows = ends(catalog, nodes, said, profile="lab", concurrency=1)
    made = plan(catalog, nodes, profile="lab", concurrency=1, calibration=rows)
    assert argument(made, "--max-model-len") == "1024" and warned(made)
    _before, rows = ends(catalog, nodes, said, profile="lab")
    made = plan(catalog, nodes, profile="lab", calibration=rows)
    assert (argument(made, "--max-model-len"), argument(made, "--max-num-seqs")) == ("256", "4")
    _before, rows = ends(catalog, nodes, {**said, "longest": 640}, profile="lab")
    made = plan(catalog, nodes, profile="lab", calibration=rows)
    assert (argument(made, "--max-model-len"), argument(made, "--max-num-seqs")) == ("256", "2")
    _before, rows = ends(catalog, nodes, {**said, "longest": 128}, profile="lab")
    with pytest.raises(Refusal) as refused:
        plan(catalog, nodes, profile="lab", calibration=rows)
    assert refused.value.rule == "LLM581"


def test_nothing_is_learned_of_an_end_that_was_not_for_memory(catalog):
    made = plan(catalog, CARDS)
    assert ended_rows(made, wishes(catalog, CARDS), {"n1": {}, "n2": {"yitiji-vllm": {}}}) == []


def test_the_ladder_takes_the_mildest_step(catalog):
    (wish,) = wishes(catalog, CARDS, context_length=16384, concurrency=30)
    assert ladder(wish, (4096, 15), lambda context, requests: context <= 9000) == (8960, 30)
    assert ladder(wish, (4096, 15), lambda context, requests: requests <= 17) == (16384, 17)
    assert ladder(wish, (4096, 15), lambda context, requests: context * requests <= 80_000) == (4096, 19)
    assert ladder(wish, (4096, 15), lambda context, requests: requests <= 14) is None
    assert ladder(wish, (4000, 15), lambda context, requests: context <= 4000) == (4000, 30)
    assert ladder(wish, (4096, 15), lambda context, requests: True) == (16384, 30)


def test_a_profile_without_a_floor_keeps_its_requests(catalog):
    (wish,) = wishes(catalog, CARDS, **LONG)
    assert wish.floor
    _before, rows = ends(catalog, CARDS, CONTEXT, **LONG)
    bare = {**catalog, "profiles": {**catalog["profiles"], "basic": {**catalog["profiles"]["basic"]}}}
    del bare["profiles"]["basic"]["floor"]
    made = plan(bare, CARDS, calibration=rows, **LONG)
    assert first_unit(made)["capacity"]["concurrency"] == 2 and warned(made)
    assert dataclasses.replace(wish, floor={}).request_tokens == 4096


def test_a_cache_of_unknown_size_is_none(catalog):
    """Not less than none: what a smaller plan would need is told from zero."""
    said = []
    for more in ({}, {"kv_gib": 1e-6}):
        _before, rows = ends(catalog, CARDS, {"kind": "cache", **LINE, **more}, **LONG)
        with pytest.raises(Refusal) as refused:
            plan(catalog, CARDS, calibration=rows, **LONG)
        said.append((refused.value.rule, refused.value.need, refused.value.have))
    assert said[0] == said[1] and said[0][0] == "LLM581"
