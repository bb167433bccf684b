# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says of a model that is less sure than a plain one."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.memory import Memory
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan import explain
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Gpu, Node
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.search import Candidate, Layout, Problem

from tests.sizing.common import declared, first_unit, plan


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ({"model_type": "brand_new"}, "LLM570"),
        ({"vision_config": {}}, "LLM569"),
        ({"layer_types": ["full_attention", "sliding_attention"] * 14, "sliding_window": 1024}, "LLM568"),
    ],
)
def test_models_that_are_planned_with_a_margin_of_their_own(catalog, config, rule):
    own = {**catalog["models"]["deepseek-r1-7b"]["config"], **config}
    made = plan(catalog, declared("a100-80g", 1), model="own/er", model_info={"config": own})
    sure = plan(catalog, declared("a100-80g", 1), model="deepseek-r1-7b")
    assert rule in {warning["id"] for warning in made["warnings"]}
    assert first_unit(made)["memory"]["per_gpu_gib"]["margin"] > first_unit(sure)["memory"]["per_gpu_gib"]["margin"]


SHAPE = SimpleNamespace(
    mla=False, kv_heads=4, heads=28, layers=28, vocab=152064, mixed=False, compressed=False, vision=False, known=True,
    model_type="qwen2",
)  # fmt: skip
PROBLEM = Problem(SHAPE, (0, 32, 0), 1, 4, 80.0, False, 0.92, 8192, 10, 4096)
MEMORY = Memory(73.6, 14.256, 0.2, 1.1, 0.0, 0.5, 50.0, 14336.9, 0)
LAYOUT = Layout(4, 1, 1, 1)
CHOSEN = Candidate(LAYOUT, 8192, 10, MEMORY, 50000, 12, True, 0.0)
GPU = Gpu(0, "a100-80g", "nvidia", 80 << 30, None, 8.0, True, True, True)
NODE = Node("n1", "10.0.0.1", (GPU,) * 4, None, None, "facts")
PRECISION = SimpleNamespace(name="bf16", dtype="bfloat16", notices=[])


def told(nodes=(NODE,), problem=PROBLEM, chosen=CHOSEN, gpu=GPU, engine="vllm", **layout):
    chosen = replace(chosen, layout=replace(LAYOUT, **layout))
    return {row["id"]: row["en"] for row in explain.warnings(engine, list(nodes), problem, chosen, gpu, PRECISION)}


def shaped(**more):
    return replace(PROBLEM, shape=SimpleNamespace(**{**vars(SHAPE), **more}))


def test_a_plan_without_a_doubt_is_told_without_a_word():
    assert told() == {}
    assert list(told(problem=PROBLEM, gpu=replace(GPU, free=72 << 30))) == [], "nine tenths are free"


@pytest.mark.parametrize(("rule", "case"), [
    ("LLM517", {"tensor": 3}), ("LLM573", {"expert": True}), ("LLM574", {"context": 2}),
    ("LLM562", {"problem": shaped(kv_heads=3)}), ("LLM516", {"gpu": replace(GPU, verified=False)}),
    ("LLM563", {"gpu": replace(GPU, known=False)}), ("LLM518", {"engine": "sglang"}),
    ("LLM405", {"span": 2, "nodes": [replace(NODE, link_gbps=25.0)]}),
    ("LLM506", {"gpu": replace(GPU, free=(72 << 30) - 1)}),
    ("LLM519", {"chosen": replace(CHOSEN, tokens=43007)}),
    ("LLM519", {"problem": replace(PROBLEM, context=47620)}),
    ("LLM568", {"problem": shaped(mixed=True)}), ("LLM568", {"problem": shaped(compressed=True)}),
    ("LLM569", {"problem": shaped(vision=True)}), ("LLM570", {"problem": shaped(known=False)}),
])  # fmt: skip
def test_each_doubt_is_told_alone(rule, case):
    assert list(told(**case)) == [rule]


@pytest.mark.parametrize("case", [
    {"span": 2}, {"span": 2, "nodes": [replace(NODE, link_gbps=25.0, rdma=True)]},
    {"nodes": [replace(NODE, link_gbps=25.0)]}, {"problem": shaped(kv_heads=3, mla=True)},
    {"chosen": replace(CHOSEN, tokens=43008)}, {"problem": replace(PROBLEM, context=47619)},
])  # fmt: skip
def test_what_is_no_doubt(case):
    assert told(**case) == {}


def test_cards_that_stay_idle_are_counted():
    two = [NODE, replace(NODE, name="n2", gpus=(GPU,) * 2)]
    uneven = told(nodes=two, problem=replace(PROBLEM, nodes=2, gpus=2))
    assert list(uneven) == ["LLM572"] and "n1 4, n2 2" in uneven["LLM572"]
    assert "4 are used, 2 stay idle" in uneven["LLM572"]
    assert told(tensor=3)["LLM517"].startswith("1 GPU(s)")
    assert told(problem=replace(PROBLEM, nodes=2), nodes=[NODE, NODE])["LLM517"].startswith("4 GPU(s)")


def test_what_is_kept_back_is_told_with_its_size():
    assert "2.4 " in told(problem=shaped(vision=True))["LLM569"]
    assert "0.8 " in told(problem=shaped(mixed=True))["LLM568"] and "8192" in told(problem=shaped(mixed=True))["LLM568"]


def test_each_number_has_its_rule():
    rows = {row["key"]: row for row in explain.reasons("bf16", PROBLEM, CHOSEN, PRECISION)}
    assert {key: row["value"] for key, row in rows.items()} == {
        "dtype": "bfloat16", "layout.tensor": 4, "layout.pipeline": 1, "layout.data": 1,
        "gpu_memory_utilization": 0.92, "max_num_seqs": 10, "max_num_batched_tokens": 8192, "memory.weights": 14.26,
        "memory.activation": 0.2, "memory.non_torch": 0.5, "memory.graphs": 1.1,
        "capacity.kv_bytes_per_token_per_gpu": 14336, "margin": 1.9,
    }  # fmt: skip
    assert rows["dtype"]["source"] == "bf16" and "bf16" in rows["dtype"]["rule"]["en"]
    assert "KV heads" in rows["capacity.kv_bytes_per_token_per_gpu"]["rule"]["en"]
    assert "28 heads" in rows["layout.tensor"]["rule"]["en"] and "28 layers" in rows["layout.pipeline"]["rule"]["en"]
    assert rows["memory.weights"]["source"] == "config.json"
    index = explain.reasons("bf16", replace(PROBLEM, correction_gib=0.1), CHOSEN, PRECISION)
    assert {row["key"]: row["source"] for row in index}["memory.weights"] == "safetensors index"
    latent = explain.reasons("bf16", shaped(mla=True), CHOSEN, PRECISION)
    assert "latent" in next(row["rule"]["en"] for row in latent if row["key"].startswith("capacity"))


@pytest.mark.parametrize(("activation", "seqs", "batched", "peak"), [
    (0.2, 10, 8192, "forward"), (0.0, 1000, 8192, "forward"), (0.2, 1000, 8192, "sampler"), (0.2, 1000, 10, "forward"),
])  # fmt: skip
def test_the_larger_peak_is_named(activation, seqs, batched, peak):
    chosen = replace(CHOSEN, seqs=seqs, batched=batched, memory=replace(MEMORY, activation=activation))
    rows = {row["key"]: row["rule"] for row in explain.reasons("bf16", PROBLEM, chosen, PRECISION)}
    assert peak in rows["memory.activation"]["en"]


def test_three_other_layouts_are_offered():
    def sized(fits=True, **layout):
        return replace(CHOSEN, layout=replace(LAYOUT, **layout), fits=fits)

    found = [
        sized(), sized(tensor=2, data=2), sized(fits=False, tensor=1), sized(context=2), sized(context=4, expert=True),
        sized(pipeline=2), sized(pipeline=3),
    ]  # fmt: skip
    rows = explain.alternatives(PROBLEM, found)
    assert [row["change"]["en"] for row in rows] == [
        "layout TP 2 × PP 1 × DP 2", "layout TP 4 × PP 1 × DP 1, DCP 4, EP", "layout TP 4 × PP 2 × DP 1",
    ]  # fmt: skip
    assert [(row["kv_tokens"], row["gpus"]) for row in rows] == [(100000, 4), (50000, 4), (50000, 8)]
    assert rows[0]["layout"] == {"tensor": 2, "pipeline": 1, "data": 2}
    assert rows[0]["change"]["zh"] == "布局 TP 2 × PP 1 × DP 2"
    assert explain.alternatives(PROBLEM, found[:1]) == []
