# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines that read GGUF: layers on the cards, main memory for the rest."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import read_shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.on_gguf import (
    by_formula,
    cache_layer_bytes,
    layer_sizes,
    split,
    whole_heads,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import explain

from tests.sizing.common import declared, first_unit, plan

HOST = {"memory_gib": 512, "cpu": {"sockets": 2, "cores_per_socket": 32}}


# Layers to off-load at 24 / 80 / 160 GB, as the table in use says.
TABLE = {131: (7, 33, 61), 158: (5, 26, 57), 183: (4, 22, 49), 212: (2, 19, 32)}


@pytest.mark.parametrize("file_gb", sorted(TABLE))
def test_rule_of_thumb_against_its_table(file_gb):
    for card, layers in zip((24, 80, 160), TABLE[file_gb]):
        if (file_gb, card) == (212, 160):
            assert by_formula(card, file_gb, 61) == 42  # the table says 32, which its own rule does not give
        else:
            assert by_formula(card, file_gb, 61) == layers


@pytest.mark.parametrize("file_gb", sorted(TABLE))
@pytest.mark.parametrize("card", [24, 80, 160])
def test_layers_by_tensors_stand_near_the_rule(catalog, file_gb, card):
    shape = read_shape(catalog["models"]["deepseek-r1-671b"]["config"], "r1")
    part = split(shape, file_gb * 10**9, [card * 1e9], 4096, 1)
    rule = by_formula(card, file_gb, 61)
    assert rule - 3 <= min(part.layers, 61) <= rule
    assert part.card_bytes <= 0.97 * card * 1e9


def test_real_tensor_sizes_win(catalog):
    shape = read_shape(catalog["models"]["deepseek-r1-7b"]["config"], "r1")
    tensors = {f"blk.{index}.ffn_up.weight": 10**9 for index in range(28)}
    tensors["output.weight"] = 5 * 10**8
    sizes, outside = layer_sizes(shape, 1, tensors)
    assert sizes == [1e9] * 28 and outside == 5e8
    assert split(shape, 1, [10.2e9], 128, 1, tensors).layers == 8


def test_all_layers_and_the_output_on_a_large_card(catalog):
    made = plan(catalog, declared("a100-80g", 1, **HOST), engine="llamacpp", context_length=8192, concurrency=2)
    assert made["gguf"]["quant"] == "Q8_0" and made["gguf"]["gpu_layers"] == 29
    assert first_unit(made)["args"][first_unit(made)["args"].index("--ctx-size") + 1] == "16384"


def test_671b_on_one_4090(catalog):
    made = plan(catalog, declared("rtx-4090-24g", 1, memory_gib=256), profile="flagship", engine="llamacpp",
                context_length=4096, concurrency=1)  # fmt: skip
    assert made["gguf"]["quant"] == "UD-Q2_K_XL" and 2 <= made["gguf"]["gpu_layers"] <= 7
    assert made["model"]["id"] == "unsloth/DeepSeek-R1-GGUF" and made["model"]["include"] == ["*UD-Q2_K_XL*"]
    assert "LLM537" in {warning["id"] for warning in made["warnings"]}


def test_a_named_file_is_taken(catalog):
    made = plan(catalog, declared("rtx-4090-24g", 1, memory_gib=256), profile="flagship", engine="llamacpp",
                context_length=4096, concurrency=1, gguf="UD-IQ1_S")  # fmt: skip
    assert made["gguf"]["quant"] == "UD-IQ1_S"


def test_ollama_settings(catalog):
    files = [{"path": f"DeepSeek-R1-UD-Q2_K_XL-0000{part}-of-00002.gguf", "size": 106 * 10**9} for part in (1, 2)]
    made = plan(catalog, declared("rtx-4090-24g", 1, memory_gib=256), profile="flagship", engine="ollama",
                context_length=4096, concurrency=1, model_info={"files": files})  # fmt: skip
    env = first_unit(made)["env"]
    assert env["OLLAMA_CONTEXT_LENGTH"] == "4096" and env["OLLAMA_NUM_PARALLEL"] == "1"
    assert made["modelfile"]["parameters"]["num_gpu"] == made["gguf"]["gpu_layers"]
    assert made["gguf"]["bytes"] == 212 * 10**9 and made["needs"]["disk_bytes"]["weights"] == 424 * 10**9
    assert made["gguf"]["path"].endswith("-00001-of-00002.gguf") and made["container"] is None
    assert made["provision"] == {"role": "ollama", "ready": True, "reason": {"en": "", "zh": ""}}
    assert "<think>\n" in made["modelfile"]["template"] and first_unit(made)["env"]["CUDA_VISIBLE_DEVICES"] == "0"


def test_one_file_is_linked_and_takes_its_space_once(catalog):
    files = [{"path": "DeepSeek-R1-Distill-Qwen-7B-Q8_0.gguf", "size": 8098524512}]
    made = plan(catalog, declared("a100-80g", 1, **HOST), engine="ollama", model_info={"files": files})
    assert made["needs"]["disk_bytes"]["weights"] == made["model"]["bytes"] == 8098524512
    assert made["model"]["bytes_source"] == "hub"


def test_llamacpp_runs_in_a_container(catalog):
    files = [{"path": f"R1-UD-IQ1_S/R1-UD-IQ1_S-0000{part}-of-00003.gguf", "size": 44 * 10**9} for part in (1, 2, 3)]
    made = plan(catalog, declared("rtx-4090-24g", 1, **HOST), profile="flagship", engine="llamacpp", gguf="UD-IQ1_S",
                context_length=4096, concurrency=1, model_info={"files": files})  # fmt: skip
    args = first_unit(made)["args"]
    assert args[args.index("--model") + 1] == "/models/unsloth/DeepSeek-R1-GGUF/" + files[0]["path"]
    assert args[args.index("--host") + 1] == "0.0.0.0" and args[args.index("--numa") + 1] == "distribute"
    assert made["image"]["entrypoint"] == ["/app/llama-server"] and made["provision"]["role"] == "engine"


def test_tensors_of_each_file_count(catalog):
    """Real sizes of the chosen file's tensors decide how many layers fit, not those of another file."""
    files = [{"path": f"DeepSeek-R1-Distill-Qwen-7B-{name}.gguf", "size": 8 * 10**9} for name in ("Q4_K_M", "Q8_0")]
    heavy = {f"blk.{index}.ffn_up.weight": 2 * 10**9 for index in range(28)}
    info = {"files": files, "gguf_tensors": {files[0]["path"]: heavy, files[1]["path"]: {"output.weight": 1}}}
    made = plan(catalog, declared("rtx-4090-24g", 1, **HOST), engine="llamacpp", gguf="Q4_K_M",
                context_length=4096, concurrency=1, model_info=info)  # fmt: skip
    assert made["gguf"]["gpu_layers"] == 11  # 11 x 2 GB and their cache in 22.9 GB


REASON = "the code was read by us"


@pytest.mark.parametrize(("engine", "experimental"), [
    ("vllm", False), ("llamacpp", False), ("ollama", False),
    ("sglang", True), ("lmdeploy", True), ("ktransformers", True),
])  # fmt: skip
def test_an_engine_that_nobody_saw_start_is_experimental(catalog, engine, experimental):
    wish = {"profile": "flagship" if engine == "ktransformers" else "basic", "engine": engine, "context_length": 4096}
    if engine == "ktransformers":
        wish["allow_remote_code"] = REASON
    made = plan(catalog, declared("rtx-4090-24g", 1 if engine == "ktransformers" else 2, **HOST), concurrency=1, **wish)
    assert made["engine"].get("experimental", False) is experimental
    assert ("LLM540" in {row["id"] for row in made["warnings"]}) is experimental
    assert ("experimental" in explain(made, "en")) is experimental and ("实验性" in explain(made, "zh")) is experimental


def test_ktransformers(catalog):
    wish = {"profile": "flagship", "engine": "ktransformers", "context_length": 4096, "concurrency": 1}
    with pytest.raises(Refusal) as caught:  # it runs the config's own code
        plan(catalog, declared("rtx-4090-24g", 1, **HOST), **wish)
    assert caught.value.rule == "LLM651"
    wish["allow_remote_code"] = REASON
    made = plan(catalog, declared("rtx-4090-24g", 1, **HOST), **wish)
    assert made["gguf"]["quant"] == "Q4_K_M" and first_unit(made)["capacity"]["concurrency"] == 1
    assert made["needs"]["memory_bytes"] >= 381 * 10**9
    for nodes in (declared("rtx-4090-24g", 1, memory_gib=256), declared("", 0, **HOST)):
        with pytest.raises(Refusal) as caught:
            plan(catalog, nodes, **wish)
        assert caught.value.rule == "LLM546"
    with pytest.raises(Refusal):
        plan(catalog, declared("rtx-4090-24g", 1, **HOST), **{**wish, "profile": "basic"})


@pytest.mark.parametrize(
    ("wish", "rule"),
    [({"gguf": "nix"}, "LLM529"), ({"model": "deepseek-v3-671b"}, "LLM548"), ({}, "LLM104")],
)
def test_gguf_refusals(catalog, wish, rule):
    wanted = {"profile": "flagship", "engine": "llamacpp", "context_length": 4096, "concurrency": 1, **wish}
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared("t4-16g", 1, memory_gib=32), **wanted)
    assert caught.value.rule == rule and caught.value.remedies


def test_the_plan_holds_the_files_that_it_takes_as_they_were_listed(catalog):
    names = [f"DeepSeek-R1-Distill-Qwen-7B-{name}.gguf" for name in ("Q4_K_M", "Q8_0")]
    files = [{"path": name, "size": 8 * 10**9, "sha256": "a" * 64} for name in names]
    asked = {"engine": "llamacpp", "gguf": "Q4_K_M"}
    made = plan(catalog, declared("rtx-4090-24g", 1, **HOST), model_info={"files": files}, **asked)["model"]
    assert made["manifest"]["files"] == [files[0]]
    assert len(made["manifest"]["sha256"]) == 64
    files[0]["sha256"] = "b" * 64
    again = plan(catalog, declared("rtx-4090-24g", 1, **HOST), model_info={"files": files}, **asked)["model"]
    assert again["manifest"]["sha256"] != made["manifest"]["sha256"]
    assert plan(catalog, declared("rtx-4090-24g", 1, **HOST), **asked)["model"]["manifest"] is None


def test_a_file_of_mla_without_the_split_keeps_every_head(catalog):
    """llama.cpp keeps the latent only where keys and values have matrices of their own: 0.07 MiB a token for R1."""
    shape = read_shape(catalog["models"]["deepseek-r1-671b"]["config"], "r1")
    old = {f"blk.{index}.attn_kv_b.weight": 10**9 for index in range(61)}
    new = {f"blk.{index}.attn_{part}_b.weight": 5 * 10**8 for index in range(61) for part in "kv"}
    assert 61 * cache_layer_bytes(shape, old) / 2**20 == pytest.approx(4.77, abs=0.01)
    assert cache_layer_bytes(shape, new) == cache_layer_bytes(shape, None) == 1152
    cards, size = [40e9] * 2, 61 * 10**9
    assert split(shape, size, cards, 8192, 1, old).layers < split(shape, size, cards, 8192, 1, new).layers
    dense = read_shape(catalog["models"]["deepseek-r1-7b"]["config"], "7b")
    assert not whole_heads(dense, old)


def test_such_a_file_is_named_in_the_plan(catalog):
    path = "DeepSeek-R1-UD-IQ1_S.gguf"
    tensors = {path: {f"blk.{index}.attn_kv_b.weight": 2 * 10**9 for index in range(61)}}
    info = {"files": [{"path": path, "size": 122 * 10**9}], "bytes_total": 122 * 10**9, "gguf_tensors": tensors}
    made = plan(catalog, declared("rtx-4090-24g", 1, memory_gib=512), profile="flagship", engine="llamacpp",
                context_length=4096, concurrency=1, gguf="UD-IQ1_S", model_info=info)  # fmt: skip
    (said,) = [warning for warning in made["warnings"] if warning["id"] == "LLM577"]
    assert "4.77" in said["en"] and "0.07" in said["en"]
