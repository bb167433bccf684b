# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which card runs which format, by the table of kernels."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.quant import PARTS
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import read_nodes
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.precision import (
    CannotRun,
    Card,
    cache_form,
    decide,
)

from tests.sizing.common import declared, first_unit, plan
from tests.unit.module_utils._models.shapes import shape_of


def card(catalog, kind, version=None, engine="vllm"):
    gpu = read_nodes(declared(kind, 1), catalog)[0].gpus[0]
    row = catalog["gpus"][kind]
    if version is None:
        version = "0.8.5.post1" if kind.startswith("v100") else catalog["engines"][engine]["supported"][0]
    return Card(gpu, row, catalog["kernels"], engine, version)


@pytest.mark.parametrize(
    ("kind", "form", "how"),
    [
        ("h100-80g", "fp8", "native"),
        ("rtx-4090-24g", "fp8", "native"),
        ("a100-80g", "fp8", "weight_only"),
        ("rtx-3090-24g", "fp8", "weight_only"),
        ("t4-16g", "fp8", "weight_only"),
        ("t4-16g", "int4", "weight_only"),
        ("t4-16g", "nvfp4", "weight_only"),
        ("v100-32g", "fp8", ""),
        ("v100-32g", "mla", ""),
        ("a100-80g", "mla", "native"),
        ("a100-80g", "sparse_mla", ""),
        ("l40s-48g", "sparse_mla", ""),
        ("h20-96g", "sparse_mla", "native"),
        ("rtx-pro-6000-96g", "sparse_mla", "native"),
        ("rtx-5090-32g", "nvfp4", "native"),
        ("v100-32g", "bf16", ""),
        ("v100-32g", "awq", ""),
        ("v100-32g", "gptq", "native"),
        ("t4-16g", "awq", "native"),
        ("b200-180g", "nvfp4", "native"),
        ("h100-80g", "nvfp4", "weight_only"),
        ("t4-16g", "mxfp4", ""),
        ("ascend-910b-64g", "fp8", ""),
        ("ascend-910b-64g", "int8", "native"),
        ("ascend-910b-64g", "w8a8", "native"),
        ("h100-80g", "w8a8", ""),
        ("mi300x-192g", "w8a8", ""),
    ],
)
def test_how_a_card_runs_a_format(catalog, kind, form, how):
    assert card(catalog, kind).how(form) == how


def test_only_nvidias_cards_need_a_kernel_of_the_table_for_mla(catalog):
    """The formats of the others' rows are those of weights: their attention is the plugin's own."""
    shape = shape_of(catalog, "deepseek-r1-671b")
    assert shape.mla and not card(catalog, "ascend-910b-64g").runs("mla")
    assert decide(shape, "bf16", card(catalog, "ascend-910b-64g")).name == "bf16"
    with pytest.raises(CannotRun) as caught:
        decide(shape, "bf16", card(catalog, "v100-32g"))
    assert caught.value.form == "mla"


def test_a_kernel_has_a_first_version(catalog):
    assert card(catalog, "a100-80g", "0.15.1").how("nvfp4") == ""
    assert card(catalog, "a100-80g", "0.16.0").how("nvfp4") == "weight_only"


@pytest.mark.parametrize(
    ("engine", "kind", "form", "how"),
    [
        ("sglang", "a100-80g", "fp8", ""),  # its Marlin is not for experts: sglang#18875
        ("sglang", "h100-80g", "fp8", "native"),
        ("sglang", "h100-80g", "mxfp4", "weight_only"),
        ("sglang", "h100-80g", "nvfp4", ""),
        ("sglang", "b200-180g", "nvfp4", "native"),
        ("lmdeploy", "a100-80g", "fp8", ""),
        ("lmdeploy", "a100-80g", "mxfp4", ""),
        ("lmdeploy", "a100-80g", "awq", "native"),
    ],
)
def test_versions_are_those_of_one_engine(catalog, engine, kind, form, how):
    assert card(catalog, kind, engine=engine).how(form) == how


def test_a_card_without_sparse_attention_is_told_from_which_on(catalog):
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared("a100-80g", 8, 2), model="deepseek-v3.2", context_length=8192, concurrency=8)
    assert caught.value.rule == "LLM502" and "SPARSE MLA" in str(caught.value)
    assert caught.value.remedy.en == "use cards of compute capability 9.0 or newer"


@pytest.mark.parametrize(
    ("gpu", "wish", "offered", "missing"),
    [
        ("v100-32g", {"model": "deepseek-r1-32b", "precision": "fp8"}, ["native", "llamacpp"], "awq"),
        ("ascend-910b-64g", {"model": "deepseek-r1-0528"}, ["w8a8 (checkpoint vllm-ascend/"], "awq"),
        ("a100-80g", {"model": "minimax-m2.5", "engine": "sglang"}, ["8.9 or newer"], "awq"),
        ("h100-80g", {"model": "deepseek-r1-671b", "precision": "w8a8"}, [], "w8a8 ("),
    ],
)
def test_a_format_that_a_card_lacks_offers_only_what_exists(catalog, gpu, wish, offered, missing):
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared(gpu, 8), context_length=4096, concurrency=4, **wish)
    assert all(words in caught.value.remedy.en for words in offered), caught.value.remedy.en
    assert missing not in caught.value.remedy.en


@pytest.mark.parametrize(
    ("quant", "bits"), [({"quant_method": "hqq"}, "16"), ({"quant_method": "exl2", "bits": 4.25}, "4.25")]
)
def test_a_format_that_nobody_knows_is_planned_with_a_warning(catalog, quant, bits):
    config = {**catalog["models"]["deepseek-r1-7b"]["config"], "quantization_config": quant}
    wish = {"model": "of/x", "context_length": 4096, "concurrency": 4}
    made = plan(catalog, declared("h100-80g", 1), model_info={"config": config}, **wish)
    assert [f"{bits} bits" in row["en"] for row in made["warnings"] if row["id"] == "LLM579"] == [True]


def test_every_row_has_a_source_and_the_newer_card_first(catalog):
    for form, entry in catalog["kernels"].items():
        floors = [float(row["from"]) for row in entry["rows"]]
        assert entry["source"] and floors == sorted(floors, reverse=True), form
        assert {row["how"] for row in entry["rows"]} <= {"native", "weight_only"}, form


def test_every_part_must_run(catalog):
    """DeepSeek-V4 is FP8 with FP4 experts: a card must run both."""
    shape = shape_of(catalog, "deepseek-v4-flash")
    assert shape.quant.others and all(part in PARTS for part, _share, _how in shape.quant.others)
    assert "LLM571" in [row["id"] for row in decide(shape, "native", card(catalog, "h100-80g")).notices]
    assert not decide(shape, "native", card(catalog, "b200-180g")).notices
    with pytest.raises(CannotRun) as caught:
        decide(shape, "native", card(catalog, "h100-80g", "0.9.0"))
    assert caught.value.form == "mxfp4"


def test_a_quantised_checkpoint_on_an_older_card_says_so(catalog):
    made = plan(catalog, declared("a100-80g", 8), model="minimax-m2.5")
    assert "LLM571" in {warning["id"] for warning in made["warnings"]}
    assert "fp8" not in " ".join(first_unit(made)["args"])  # the checkpoint's own, so no flag


@pytest.mark.parametrize(
    ("files", "index", "less"),
    [
        ({"a.safetensors": 13_000_000_000}, 13_000_000_000, True),
        ({"a.safetensors": 13_000_000_000}, None, True),
        ({}, 13_000_000_000, False),  # the listing does not bear it out
        ({"a.safetensors": 15_400_000_000}, 13_000_000_000, False),
        ({"sub/a.safetensors": 13_000_000_000}, None, False),
    ],
)
def test_what_the_hub_stores_lowers_the_estimate_too(catalog, files, index, less):
    info = {"config": catalog["models"]["deepseek-r1-7b"]["config"], "bytes_total": 15_000_000_000}
    info["files"] = [{"path": path, "size": size, "sha256": "a" * 64} for path, size in files.items()]
    info["index"] = {"metadata": {"total_size": index}} if index else None
    kv = [
        first_unit(plan(catalog, declared("a100-80g", 1), model="deepseek-r1-7b", model_info=told))["memory"]
        for told in (info, {"config": info["config"]})
    ]
    weights = [memory["per_gpu_gib"]["weights"] for memory in kv]
    assert (weights[0] < weights[1] - 1) is less


@pytest.mark.parametrize(
    ("kind", "wish", "engine", "model", "flag"),
    [
        ("h100-80g", "fp8", "vllm", "deepseek-r1-671b", "fp8"),
        ("rtx-3090-24g", "auto", "vllm", "deepseek-r1-7b", "auto"),
        ("rtx-3090-24g", "fp8", "vllm", "deepseek-r1-7b", "fp8_e5m2"),
        ("a100-80g", "fp8", "vllm", "deepseek-r1-7b", "fp8_e5m2"),
        ("a100-80g", "fp8", "sglang", "deepseek-r1-7b", None),
        ("a100-80g", "fp8", "vllm", "mistral-small-4", None),
        ("t4-16g", "fp8", "vllm", "deepseek-r1-7b", None),
        ("ascend-910b-64g", "fp8", "vllm", "deepseek-r1-7b", "fp8"),
    ],
)
def test_which_form_of_fp8_a_cache_has(catalog, kind, wish, engine, model, flag):
    """Cards before Ada read e5m2, which vLLM takes but for MLA and checkpoints in fp8."""
    if flag is None:
        with pytest.raises(Refusal) as caught:
            cache_form(wish, engine, card(catalog, kind), shape_of(catalog, model))
        assert caught.value.rule == "LLM545"
        return
    assert cache_form(wish, engine, card(catalog, kind), shape_of(catalog, model)) == flag


def test_a_cache_in_e5m2_is_never_beside_fp8_weights(catalog):
    made = plan(catalog, declared("rtx-3090-24g", 2), kv_cache_dtype="fp8")
    args = first_unit(made)["args"]
    assert args[args.index("--kv-cache-dtype") + 1] == "fp8_e5m2"
    assert "LLM575" in {warning["id"] for warning in made["warnings"]}
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared("rtx-3090-24g", 2), kv_cache_dtype="fp8", precision="fp8")
    assert caught.value.rule == "LLM545"


def test_a_memory_that_the_system_shares_is_not_planned_to_its_end(catalog):
    made = plan(catalog, declared("gb10-128g", 1))
    args = first_unit(made)["args"]
    assert args[args.index("--gpu-memory-utilization") + 1] == "0.8"
    assert "LLM576" in {warning["id"] for warning in made["warnings"]}
