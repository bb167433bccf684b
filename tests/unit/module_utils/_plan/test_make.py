# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole plans: the lab's, the profiles', every engine's, and what must be refused."""

from __future__ import annotations

import re
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

from tests.sizing.common import ROOT, declared, first_unit, plan, totals
from tests.sizing.golden import table
from tests.sizing.whole import FOLDER, WISHES, outcome, with_pairs

CARD = {
    "index": 0,
    "name": "NVIDIA GeForce RTX 4090",
    "vendor": "nvidia",
    "memory_bytes": int(23.5 * 2**30),
    "free_bytes": int(23.4 * 2**30),
    "compute_capability": "8.9",
    "pci_id": "10de:2684",
}


def cards(count, **change):
    return [{**CARD, "index": index, **change} for index in range(count)]


def node(gpus, driver="595.10", **more):
    return {
        "address": "10.0.0.1",
        "facts": {"gpus": gpus, "nvidia": {"driver_version": driver}, "memory": {"total_bytes": 2**37}, **more},
    }


def refused(catalog, nodes, **wish):
    with pytest.raises(Refusal) as caught:
        plan(catalog, nodes, **wish)
    refusal = caught.value
    assert refusal.reason.zh and refusal.reason.en and refusal.remedies
    assert all(fix.zh and fix.en for fix in refusal.remedies)
    return refusal


@pytest.mark.parametrize(
    ("profile", "gpu", "count", "nodes", "layout"),
    [
        ("basic", "rtx-4090-24g", 2, 1, (2, 1, 1)),
        ("standard", "rtx-4090-24g", 4, 1, (4, 1, 1)),
        ("flagship", "h20-96g", 8, 2, (8, 2, 1)),
        ("flagship", "h20-141g", 8, 2, (8, 2, 1)),  # of two replicas vLLM would spread the experts over the network
        ("basic", "v100-32g", 1, 1, (1, 1, 1)),
        ("basic", "rtx-4090-24g", 8, 1, (4, 1, 2)),
    ],
)
def test_reference_layouts(catalog, profile, gpu, count, nodes, layout):
    made = plan(catalog, declared(gpu, count, nodes), profile=profile)
    assert tuple(first_unit(made)["layout"].values()) == layout
    parts = first_unit(made)["memory"]["per_gpu_gib"]
    held = sum(parts[key] for key in ("weights", "kv", "activation", "graphs", "non_torch", "margin"))
    assert held == pytest.approx(parts["budget"], abs=0.05)
    assert len(made["nodes"]) == nodes and sum(entry["head"] for entry in made["nodes"].values()) == 1


def test_671b_in_16_bit_on_the_flagship(catalog):
    """Native FP8 fits and FP16 does not, with the numbers."""
    refusal = refused(catalog, declared("h20-96g", 8, 2), profile="flagship", precision="fp16")
    assert refusal.rule == "LLM504" and "native" in refusal.remedies[0].en
    assert refusal.need["gib_per_gpu"] > refusal.have["gib_per_gpu"] > 80
    assert refusal.need["weights_gib_per_gpu"] > 75
    assert totals(plan(catalog, declared("h20-96g", 8, 2), profile="flagship"))["kv_tokens"] > 10**6


def test_what_a_refusal_offers_works(catalog):
    refusal = refused(catalog, declared("h20-96g", 8, 1), profile="flagship")
    assert 1 <= len(refusal.remedies) <= 3
    offers = [fix.en for fix in refusal.remedies]
    for offer in offers:
        wish = dict(part.split(": ") for part in offer.split(", ") if part.startswith("appliance_"))
        wish = {key.replace("appliance_", ""): value.split(" ")[0] for key, value in wish.items()}
        count = 2 if "node(s)" in offer else 1
        made = plan(catalog, declared("h20-96g", 8, count), profile="flagship", **wish)
        assert made["verdict"] == "fits"


def test_two_nodes_get_their_own_arguments(catalog):
    made = plan(catalog, declared("h20-96g", 8, 2), profile="flagship")
    first, second = (" ".join(entry["units"][0]["args"]) for entry in made["nodes"].values())
    assert "--node-rank 0" in first and "--headless" not in first
    assert "--node-rank 1" in second and "--headless" in second
    assert made["nodes"]["n2"]["units"][0]["env"]["VLLM_HOST_IP"] == "10.0.0.2"
    assert made["container"]["network"] == "host" and made["needs"]["ports"] == [8000, 29501, 8001]


def test_interface_comes_from_the_address(catalog):
    network = {"interfaces": [{"name": "bond0", "addresses": ["10.0.0.1/24"]}]}
    nodes = {
        name: {
            **node(
                cards(
                    8,
                    name="NVIDIA H20",
                    pci_id="10de:2329",
                    memory_bytes=int(95.2 * 2**30),
                    free_bytes=None,
                    compute_capability="9.0",
                ),
                network=network,
            ),
            "address": address,
        }
        for name, address in (("a", "10.0.0.1"), ("b", "10.0.0.2"))
    }
    with pytest.raises(Refusal, match=r"10\.0\.0\.2 is not the IP address of an interface") as refused:
        plan(catalog, nodes, profile="flagship")
    assert refused.value.rule == "LLM401" and "appliance_data_address" in refused.value.remedies[0].en
    nodes["b"]["facts"]["network"] = {"interfaces": [{"name": "eth7", "addresses": ["10.0.0.2/24"]}]}
    made = plan(catalog, nodes, profile="flagship")
    assert made["nodes"]["a"]["units"][0]["env"]["NCCL_SOCKET_IFNAME"] == "=bond0"
    own = {"VLLM_HOST_IP": "10.0.0.2", "NCCL_SOCKET_IFNAME": "=eth7", "GLOO_SOCKET_IFNAME": "eth7"}
    every, second = (made["nodes"][name]["units"][0]["env"] for name in ("a", "b"))
    assert {key: value for key, value in second.items() if every.get(key) != value} == own
    assert made["cluster"]["peers"] == ["10.0.0.1", "10.0.0.2"]


def test_replicas_on_two_nodes(catalog):
    made = plan(catalog, declared("h20-141g", 8, 2), profile="flagship", model="deepseek-r1-70b")
    assert first_unit(made)["layout"] == {"tensor": 8, "pipeline": 1, "data": 2}
    two = " ".join(made["nodes"]["n2"]["units"][0]["args"])
    assert "--data-parallel-start-rank 1" in two and "--data-parallel-size-local 1" in two and "--nnodes" not in two


def test_volta_takes_the_old_image_and_half(catalog):
    made = plan(catalog, declared("v100-32g", 1), profile="basic")
    assert made["image"]["key"] == "vllm-cuda-volta" and first_unit(made)["args"][0] == "--model"
    assert "--enable-prefix-caching" not in first_unit(made)["args"]
    assert "float16" in first_unit(made)["args"] and first_unit(made)["env"]["VLLM_USE_V1"] == "0"
    assert "LLM564" in {warning["id"] for warning in made["warnings"]}


@pytest.mark.parametrize(
    ("gpu", "wish", "rule"),
    [
        ("v100-32g", {"precision": "bf16"}, "LLM501"),
        ("v100-32g", {"precision": "fp8"}, "LLM502"),
        ("t4-16g", {"model": "deepseek-r1-671b"}, "LLM502"),
        ("v100-32g", {"model": "deepseek-r1-671b"}, "LLM502"),
        ("t4-16g", {"kv_cache_dtype": "fp8"}, "LLM545"),
        ("a100-80g", {"context_length": 10**6}, "LLM544"),
        ("a100-80g", {"precision": "fp12"}, "LLM526"),
        ("a100-80g", {"kv_cache_dtype": "x"}, "LLM526"),
        ("a100-80g", {"profile": "nix"}, "LLM521"),
        ("a100-80g", {"model": "nix"}, "LLM522"),
        ("a100-80g", {"engine": "nix"}, "LLM523"),
        ("a100-80g", {"model": "own/er"}, "LLM530"),
        ("nix", {}, "LLM525"),
    ],
)
def test_refusals_by_rule(catalog, gpu, wish, rule):
    assert refused(catalog, declared(gpu, 8), **wish).rule == rule


def test_unknown_profile_lists_what_there_is(catalog):
    refusal = refused(catalog, declared("a100-80g", 1), profile="nix")
    assert "flagship" in refusal.reason.en and "[LLM521] n1: " in refusal.message(["n1"])


@pytest.mark.parametrize(
    ("nodes", "rule"),
    [
        ({}, "LLM512"),
        ({"a": {}}, "LLM513"),
        ({"a": node([])}, "LLM511"),
        (
            {"a": node([CARD, {**CARD, "name": "Tesla T4", "pci_id": "10de:1eb8", "memory_bytes": 15 * 2**30}])},
            "LLM507",
        ),
        ({"a": node([{**CARD, "name": "NVIDIA Mystery", "pci_id": "10de:ffff", "memory_bytes": None}])}, "LLM543"),
        ({"a": node(cards(2), driver="535.10")}, "LLM209"),
    ],
)
def test_nodes_that_cannot_be_planned(catalog, nodes, rule):
    assert refused(catalog, nodes).rule == rule


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ({"model_type": "brand_new", "mamba_d_state": 16}, "LLM533"),
        ({"model_type": "qwen3_next"}, "LLM532"),
        ({"hidden_size": -1}, "LLM531"),
    ],
)
def test_models_that_are_not_promised(catalog, config, rule):
    own = {**catalog["models"]["deepseek-r1-7b"]["config"], **config}
    refusal = refused(catalog, declared("a100-80g", 1), model="own/er", model_info={"config": own})
    assert refusal.rule == rule
    if rule != "LLM531":
        assert refusal.have["kv_gib_per_gpu"] > 0 and "GiB" in refusal.reason.en


def test_facts_win_over_declared_hardware(catalog):
    both = {**node(cards(2)), "hardware": {"gpus": [{"model": "h20-96g", "count": 8}]}}
    assert plan(catalog, {"a": both})["gpu"] == "rtx-4090-24g"


def test_busy_card_lowers_utilization(catalog):
    made = plan(catalog, {"a": node(cards(2, free_bytes=int(18.0 * 2**30)))})
    assert first_unit(made)["args"][first_unit(made)["args"].index("--gpu-memory-utilization") + 1] == "0.76"
    assert "LLM506" in {warning["id"] for warning in made["warnings"]}


def test_unknown_card_uses_the_drivers_figures(catalog):
    made = plan(
        catalog,
        {"a": node(cards(1, name="NVIDIA Mystery", pci_id="10de:ffff", memory_bytes=80 * 2**30, free_bytes=None))},
    )
    assert made["gpu"] == "NVIDIA Mystery" and "LLM563" in {warning["id"] for warning in made["warnings"]}


def test_other_vendors_are_marked(catalog):
    made = plan(catalog, declared("ascend-910b-64g", 8), model="deepseek-r1-32b")
    assert made["engine"]["device"] == "npu" and "LLM516" in {warning["id"] for warning in made["warnings"]}


@pytest.mark.parametrize("total", [20 * 10**9, str(20 * 10**9), 2e10])
def test_hub_facts_win_over_the_catalogue(catalog, total):
    info = {
        "config": catalog["models"]["deepseek-r1-7b"]["config"],
        "bytes_total": 15300000000,
        "revision": "v1",
        "index": {"metadata": {"total_size": total}},
    }
    made = plan(catalog, declared("rtx-4090-24g", 2), model_info=info)
    assert made["model"]["bytes"] == 15300000000 and made["model"]["revision"] == "v1"
    assert first_unit(made)["memory"]["per_gpu_gib"]["weights"] > 9  # the index says more than the shape explains


def test_calibration_only_makes_a_plan_more_careful(catalog):
    rows = [
        {"schema": 2, "version": "0.32.0", "gpu": "rtx-4090-24g", "kv_factor": 0.8},
        {"schema": 2, "version": "0.1", "gpu": "x", "kv_factor": 0.1},
    ]
    plain = totals(plan(catalog, declared("rtx-4090-24g", 2)))["kv_tokens"]
    learned = totals(plan(catalog, declared("rtx-4090-24g", 2), calibration=rows))["kv_tokens"]
    assert 0.7 * plain < learned < 0.85 * plain
    rows[0]["kv_factor"] = 1.5
    assert totals(plan(catalog, declared("rtx-4090-24g", 2), calibration=rows))["kv_tokens"] == plain


@pytest.mark.parametrize("engine", ["sglang", "lmdeploy"])
def test_other_gpu_engines(catalog, engine):
    made = plan(catalog, declared("rtx-4090-24g", 2), engine=engine)
    assert made["engine"]["name"] == engine and first_unit(made)["name"] == f"yitiji-{engine}"
    assert not any(key.startswith("VLLM") for key in first_unit(made)["env"])
    assert "LLM518" in {warning["id"] for warning in made["warnings"]}


def test_sglang_spans_nodes_and_lmdeploy_does_not(catalog):
    made = plan(catalog, declared("h20-96g", 8, 2), profile="flagship", engine="sglang")
    assert "--dist-init-addr" in first_unit(made)["args"]
    assert refused(catalog, declared("h20-96g", 8, 2), profile="flagship", engine="lmdeploy").rule == "LLM504"


def test_planning_is_quick(catalog):
    plan(catalog, declared("h20-96g", 8, 2), profile="flagship")
    start = time.process_time()
    plan(catalog, declared("h20-96g", 8, 2), profile="flagship", context_length=16000)
    assert time.process_time() - start < 0.05


def test_a_thousand_nodes(catalog):
    start = time.process_time()
    made = plan(catalog, declared("h20-96g", 8, 1000), profile="flagship")
    for number in range(1000):
        plan(catalog, declared("rtx-4090-24g", 2), deployment=f"d{number}")
    assert time.process_time() - start < 5 and made["verdict"] == "fits"


@pytest.mark.parametrize(
    ("hardware", "wish", "ready", "says"),
    [
        (("rtx-4090-24g", 2, 1), {"profile": "basic"}, True, ""),
        (("h20-96g", 8, 2), {"profile": "flagship"}, True, ""),
        (("rtx-4090-24g", 2, 1), {"profile": "basic", "engine": "sglang"}, True, ""),
    ],
)
def test_what_cannot_be_run_yet_is_planned_and_says_so(catalog, hardware, wish, ready, says):
    made = plan(catalog, declared(*hardware), **wish)
    assert made["verdict"] == "fits"
    assert made["provision"]["ready"] is ready
    assert says in made["provision"]["reason"]["en"]


def test_ray_is_refused_without_an_image_that_holds_it(catalog):
    with pytest.raises(Refusal, match="Ray"):
        plan(catalog, declared("h20-96g", 8, 2), profile="flagship", executor="ray")
    with pytest.raises(Refusal, match="appliance_executor"):
        plan(catalog, declared("h20-96g", 8, 2), profile="flagship", executor="slurm")


def test_replicas_have_cards_units_and_ports_of_their_own(catalog):
    single = plan(catalog, declared("rtx-4090-24g", 2), profile="basic", concurrency=8)
    made = plan(catalog, declared("rtx-4090-24g", 4), profile="basic", concurrency=16, replicas=2)
    (name,) = made["nodes"]
    units = made["nodes"][name]["units"]
    assert [(c["name"], c["port"], c["gpus"]) for c in units] == [
        ("yitiji-vllm-1", 8000, [0, 1]),
        ("yitiji-vllm-2", 8001, [2, 3]),
    ]
    assert units[1]["args"][units[1]["args"].index("--port") + 1] == "8001"
    assert made["nodes"][name]["gpus"] == [0, 1, 2, 3] and made["needs"]["ports"] == [8000, 8001, 8002]
    assert totals(made)["kv_tokens"] == 2 * totals(single)["kv_tokens"] and totals(made)["engines"] == 2
    assert all(unit["capacity"] == first_unit(single)["capacity"] for unit in units)
    assert [unit["url"] for unit in units if unit["serves"]] == ["http://127.0.0.1:8000", "http://127.0.0.1:8001"]
    with pytest.raises(Refusal, match="can't be divided among 3 replicas"):
        plan(catalog, declared("rtx-4090-24g", 4), profile="basic", replicas=3)


@pytest.mark.parametrize(("left", "monitored"), [(8, True), (7.9, False), (None, True)])
def test_monitored_where_the_head_has_room(catalog, left, monitored):
    """8 GiB beyond what the engine needs; memory that nobody told is taken to be there, as a bundle is made for it."""
    needs = plan(catalog, declared("rtx-4090-24g", 2))["needs"]["memory_bytes"] / 2**30
    more = {} if left is None else {"memory_gib": needs + left}
    assert plan(catalog, declared("rtx-4090-24g", 2, **more))["monitored"] is monitored


def test_golden_table():
    """Every model on every card. An intended change: python -m tests.sizing.golden > tests/sizing/golden/plans.md"""
    assert table() == (ROOT / "tests" / "sizing" / "golden" / "plans.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", WISHES)
def test_whole_plans_and_refusals(catalog, name):
    """Every field, argument and word. An intended change: python -m tests.sizing.whole, and read the difference."""
    assert outcome(with_pairs(catalog), name) == (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def test_no_whole_plan_is_left_over():
    assert {path.stem for path in FOLDER.iterdir()} == set(WISHES)


@pytest.mark.parametrize(
    ("gpu", "count", "wish"),
    [
        ("rtx-4090-24g", 1, {"model": "deepseek-r1-7b", "context_length": 131072, "concurrency": 64}),
        ("rtx-4090-24g", 8, {"model": "deepseek-r1-70b", "context_length": 131072}),
        ("rtx-4090-24g", 1, {"model": "qwen3-8b", "context_length": 40960, "concurrency": 64}),
    ],
)
def test_a_shorter_context_is_offered_with_the_requests_that_it_leaves_room_for(catalog, gpu, count, wish):
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared(gpu, count), **wish)
    said = re.search(r"appliance_context_length: (\d+), appliance_concurrency: (\d+)", caught.value.remedy.en)
    length, requests = map(int, said.groups())
    assert 2048 <= length < wish["context_length"]
    plan(catalog, declared(gpu, count), **{**wish, "context_length": length, "concurrency": requests})


@pytest.mark.parametrize(
    ("gpu", "count", "profile", "more"),
    [
        ("rtx-4090-24g", 4, "standard", {"model": "deepseek-r1-671b"}), ("rtx-4090-24g", 1, "standard", {}),
        ("h20-96g", 8, "flagship", {"precision": "fp16"}), ("rtx-4090-24g", 2, "standard", {"context_length": 131072}),
    ],
)  # fmt: skip
def test_remedies_are_up_to_three_and_each_says_something_to_do(catalog, gpu, count, profile, more):
    """None repeats the refusal, and none is there twice."""
    refusal = refused(catalog, declared(gpu, count), profile=profile, **more)
    assert refusal.rule == "LLM504" and 1 <= len(refusal.remedies) <= 3
    for language in ("en", "zh"):
        told = [getattr(remedy, language) for remedy in refusal.remedies]
        assert all(told) and len(set(told)) == len(told)
        assert not any(getattr(refusal.reason, language)[:40] in text or "LLM504" in text for text in told)
        assert all(len(text) < 160 for text in told)


def test_weights_in_32_bit_are_loaded_as_16(catalog):
    """The engine is told bfloat16: what the file takes on disk is not what a card holds."""
    config = {**catalog["models"]["deepseek-r1-7b"]["config"], "torch_dtype": "bfloat16"}
    plans = []
    for dtype, size in (("bfloat16", 15.2e9), ("float32", 30.4e9)):
        info = {"config": {**config, "torch_dtype": dtype}, "bytes_total": int(size)}
        info["index"] = {"metadata": {"total_size": int(size)}}
        plans.append(plan(catalog, declared("a100-40g", 1), model="own/seven", model_info=info))
    half, whole = plans
    assert totals(whole)["kv_tokens"] == pytest.approx(totals(half)["kv_tokens"], rel=0.02)
    assert whole["needs"]["disk_bytes"]["weights"] == 2 * half["needs"]["disk_bytes"]["weights"]
    args = first_unit(whole)["args"]
    assert args[args.index("--dtype") + 1] == "bfloat16"
