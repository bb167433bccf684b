# SPDX-License-Identifier: GPL-3.0-or-later
"""Several models on one node: each with cards, memory, a unit and a port of its own."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import units_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import find_model
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.site import models
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.make import make_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import explain
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import read_wish

from tests.sizing.common import declared, first_unit, plan


def beside(catalog, cards, rows, **wish):
    nodes = declared("rtx-4090-24g", cards)
    variables = {"deployment": "d", "profile": "basic", "nodes": nodes, "beside": rows, **wish}
    return make_plan(read_wish(variables, catalog), catalog)


def test_models_beside_have_cards_units_ports_and_stamps_of_their_own(catalog):
    alone = plan(catalog, declared("rtx-4090-24g", 2), profile="basic")
    made = beside(catalog, 3, [{"model": "deepseek-r1-1.5b", "cards": 1, "concurrency": 4}])
    (name,) = made["nodes"]
    units = units_of(made, name)
    assert [(unit["name"], unit["port"], unit["gpus"]) for unit in units] == [
        ("yitiji-vllm", 8000, [0, 1]),
        ("yitiji-vllm-deepseek-r1-1-5b", 8001, [2]),
    ]
    assert units[0]["args"] == first_unit(alone)["args"] and units[0]["capacity"] == first_unit(alone)["capacity"]
    assert made["nodes"][name]["gpus"] == [0, 1, 2] and made["needs"]["ports"] == [8000, 8001, 8002]
    small = units[1]
    assert small["args"][small["args"].index("--port") + 1] == "8001"
    assert "1.5B" in small["model"]["stamp"] and small["model"]["stamp"] != units[0]["model"]["stamp"]
    assert [row["id"] for row in made["models_beside"]] == [small["model"]["id"]]
    assert made["needs"]["disk_bytes"]["weights"] == made["model"]["bytes"] + made["models_beside"][0]["bytes"]
    assert "1.5B" in explain(made, "en") and "1.5B" in explain(made, "zh")
    first, second = models(units)
    assert first == {"name": made["model"]["served_name"], "unit": "yitiji-vllm", "upstream": "yitiji_engine",
                     "servers": ["127.0.0.1:8000"]}  # fmt: skip
    assert second == {"name": small["model"]["served_name"], "unit": small["name"], "upstream": "yitiji_engine_1",
                      "servers": ["127.0.0.1:8001"]}  # fmt: skip
    # The page meets both through the gateway, and neither itself.
    assert made["balancer"] == {"host": "169.254.213.1", "port": 8002}
    assert made["chat"]["engines"] == ["http://169.254.213.1:8002/v1"] and made["chat"]["network"] == "bridge"


@pytest.mark.parametrize(
    ("rows", "wish", "said"),
    [
        ([{"model": "deepseek-r1-1.5b", "cards": 3}], {}, "none is left"),
        ([{"model": "deepseek-r1-1.5b", "cards": 0}], {}, "cards 0"),
        ([{"cards": 1}], {}, "model None"),
        ([{"model": "deepseek-r1-1.5b", "card": 1}], {}, "card"),
        ([{"model": "deepseek-r1-7b", "cards": 1}], {}, "is named twice"),
        ([{"model": "deepseek-r1-1.5b"}], {"replicas": 2}, "one replica"),
        ([{"model": "deepseek-r1-1.5b"}], {"engine": "llamacpp"}, "engine in a container"),
    ],
)
def test_models_beside_that_cannot_be(catalog, rows, wish, said):
    with pytest.raises(Refusal, match=said) as caught:
        beside(catalog, 3, rows, **wish)
    assert caught.value.rule == "LLM539" and caught.value.reason.zh


def test_models_beside_share_the_memory_that_is_left(catalog):
    """On CPUs the second one is sized for what the first one leaves, and refused when that is too little."""
    facts = {"gpus": [], "memory": {"total_bytes": 24 * 2**30}, "cpu": {"cores": 2}}
    nodes = {"gpu01": {"address": "192.0.2.11", "facts": facts}}
    variables = {"deployment": "d", "profile": "lab", "nodes": nodes, "beside": [{"model": "deepseek-r1-1.5b"}]}
    made = make_plan(read_wish(variables, catalog), catalog)
    need = made["needs"]["memory_bytes"]
    first, second = units_of(made, "gpu01")
    assert first["env"] != {} and second["args"][0].endswith("1.5B")
    facts["memory"] = {"total_bytes": need - 2**30}
    with pytest.raises(Refusal, match="not enough memory"):
        make_plan(read_wish(variables, catalog), catalog)


OWN_CODE = {"auto_map": {"AutoConfig": "configuration_own.Own"}}


def with_files(config, *names):
    files = [{"path": name, "size": 10**9, "sha256": "a" * 64} for name in names]
    return {"config": config, "files": files, "bytes_total": len(files) * 10**9}


def test_programs_of_a_repository_are_left_out_and_told(catalog):
    config = {**find_model(catalog, "deepseek-r1-7b")[1]["config"], **OWN_CODE}
    info = with_files(config, "config.json", "model.safetensors", "modeling_own.py", "training_args.bin")
    made = plan(catalog, declared("h20-96g", 1), profile="basic", model_info=info)
    assert [file["path"] for file in made["model"]["manifest"]["files"]] == ["config.json", "model.safetensors"]
    assert made["model"]["bytes"] == 2 * 10**9
    assert [row["value"] for row in made["why"] if row["key"] == "model.left_out"] == [
        "modeling_own.py, training_args.bin"
    ]
    assert "--trust-remote-code" not in str(made) and "modeling_own.py" in explain(made, "en")


@pytest.mark.parametrize(
    ("own", "names", "rule"),
    [({}, ["pytorch_model.bin"], "LLM650"), ({**OWN_CODE, "model_type": "internlm2"}, ["model.safetensors"], "LLM651")],
)
def test_a_model_that_is_a_program_is_refused_unless_the_site_has_a_reason(catalog, own, names, rule):
    info = with_files({**find_model(catalog, "deepseek-r1-7b")[1]["config"], **own}, "config.json", *names)
    nodes, wish = declared("h20-96g", 1), {"profile": "basic", "model_info": info}
    with pytest.raises(Refusal) as caught:
        plan(catalog, nodes, **wish)
    assert caught.value.rule == rule
    reason = "trained by us"
    made = plan(catalog, nodes, **wish, allow_pickle=reason, allow_remote_code=reason)
    assert ("--trust-remote-code" in first_unit(made)["args"]) is (rule == "LLM651")
    assert [row["value"] for row in made["why"] if row["key"] == "model.remote_code"] == [reason] * (rule == "LLM651")
    assert [reason in row["en"] for row in made["warnings"] if row["id"] == "LLM578"] == [True] * (rule == "LLM651")


@pytest.mark.parametrize(
    ("engine", "gpu", "kind", "runs"),
    [
        ("vllm", "h20-96g", "minimax_m2", False),
        ("sglang", "h20-96g", "minimax_m2", False),
        ("lmdeploy", "h20-96g", "minimax_m2", True),  # with the Transformers of its day
        ("vllm", "v100-32g", "seed_oss", True),  # the last image for such a card is older
        ("vllm", "h20-96g", "internlm2", True),
    ],
)
def test_whether_python_is_run_depends_on_engine_and_version(catalog, engine, gpu, kind, runs):
    info = {"config": {**find_model(catalog, "deepseek-r1-7b")[1]["config"], **OWN_CODE, "model_type": kind}}
    wish = {"engine": engine, "model_info": info, "context_length": 4096, "concurrency": 4}
    made = plan(catalog, declared(gpu, 1), allow_remote_code="read by us", **wish)
    assert ("--trust-remote-code" in first_unit(made)["args"]) is runs
    assert ("LLM578" in [row["id"] for row in made["warnings"]]) is runs
    if not runs:
        plan(catalog, declared(gpu, 1), **wish)
        return
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared(gpu, 1), **wish)
    assert caught.value.rule == "LLM651"


def test_a_gguf_engine_runs_no_python_of_the_repository(catalog):
    info = {"config": {**find_model(catalog, "deepseek-r1-7b")[1]["config"], "model_type": "internlm2", **OWN_CODE}}
    nodes, wish = declared("h20-96g", 1, memory_gib=64), {"engine": "llamacpp", "model": "deepseek-r1-7b"}
    made = plan(catalog, nodes, model_info=info, **wish)
    assert "LLM578" not in [row["id"] for row in made["warnings"]]


def test_kimi_needs_its_tokenizer_without_a_hub_too(catalog):
    wish = {"model": "kimi-k2.6", "context_length": 8192, "concurrency": 8}
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared("h200-141g", 8), **wish)
    assert caught.value.rule == "LLM651" and "tokenization_kimi" in str(caught.value)


def flag(made, name):
    args = first_unit(made)["args"]
    return args[args.index(name) + 1] if name in args else None


def test_a_checkpoint_that_some_engines_alone_can_load(catalog):
    """INT8 experts of R1: SGLang by a flag of its own, vLLM not at all; ModelSlim's W8A8: vLLM on Ascend."""
    wish = {"model": "deepseek-r1-671b", "precision": "int8"}
    made = plan(catalog, declared("a100-80g", 8, 2), engine="sglang", **wish)
    assert flag(made, "--quantization") == "w8a8_int8"
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared("a100-80g", 8, 2), **wish)
    assert caught.value.rule == "LLM554" and "sglang" in str(caught.value)
    wish = {"model": "deepseek-r1-0528", "precision": "w8a8"}
    made = plan(catalog, declared("ascend-910b-64g", 8, 2), **wish)
    assert flag(made, "--quantization") == "ascend" and made["model"]["id"] == "vllm-ascend/DeepSeek-R1-0528-W8A8"
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared("h100-80g", 8, 2), **wish)
    assert caught.value.rule == "LLM502"


def test_such_a_checkpoint_says_nothing_of_it_in_config_json(catalog):
    """Without the catalogue's word its weights would count as 16 bit, twice what they take."""
    bare = {key: value for key, value in catalog["models"]["deepseek-r1-0528"]["config"].items() if key[:5] != "quant"}
    wish = {"model": "deepseek-r1-0528", "precision": "w8a8"}
    told = plan(catalog, declared("ascend-910b-64g", 8, 2), model_info={"config": bare}, **wish)
    known = plan(catalog, declared("ascend-910b-64g", 8, 2), **wish)
    assert first_unit(told)["memory"] == first_unit(known)["memory"]


@pytest.mark.parametrize(("model", "built", "rule"), [
    ("BAAI/bge-m3", "XLMRobertaModel", "LLM555"),
    ("Qwen/Qwen3-Embedding-8B", "Qwen3ForCausalLM", "LLM555"),
    ("Qwen/Qwen3-Reranker-4B", "Qwen3ForCausalLM", "LLM555"),
    ("intfloat/e5-mistral-7b-instruct", "MistralModel", "LLM555"),
    ("mine/judge", "Qwen3ForSequenceClassification", "LLM555"),
    ("THUDM/glm-4-9b-chat", "ChatGLMModel", None),
    ("Qwen/Qwen3-8B", "Qwen3ForCausalLM", None),
])  # fmt: skip
def test_models_that_embed_or_rank_are_refused_with_their_size(catalog, model, built, rule):
    config = {**catalog["models"]["qwen3-8b"]["config"], "architectures": [built]}
    wish = {"deployment": "d", "profile": "basic", "model": model, "model_info": {"config": config}}
    wish["nodes"] = declared("h100-80g", 1)
    if rule is None:
        assert read_wish(wish, catalog).shape.layers == 36
        return
    with pytest.raises(Refusal) as caught:
        read_wish(wish, catalog)
    assert caught.value.rule == rule and "14.1 GiB" in str(caught.value)


@pytest.mark.parametrize(
    "odd",
    [
        {"num_hidden_layers": float("nan")},
        {"vocab_size": float("inf")},
        {"quantization_config": {"quant_method": "gptq", "bits": "four"}},
        {"partial_rotary_factor": "half"},
        {"model_type": "gpt_oss", "layer_types": {"sliding_attention": "many"}, "sliding_window": 128},
        {"model_type": "deepseek_v4", "compress_ratios": "x"},
        {"model_type": "deepseek_v3"},  # without the rank of its latent, it would be sized as another model
    ],
)
def test_a_config_with_odd_values_is_refused_as_that(catalog, odd):
    config = {**find_model(catalog, "deepseek-r1-7b")[1]["config"], **odd}
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared("h100-80g", 1), model="of/x", model_info={"config": config}, context_length=4096)
    assert caught.value.rule == "LLM531" and caught.value.reason.zh


@pytest.mark.parametrize(
    ("model", "gib"),
    [("bge-m3", 2.1), ("bge-reranker-v2-m3", 2.1), ("qwen3-embedding-4b", 7.5), ("qwen3-reranker-0.6b", 1.1)],
)
def test_models_for_a_knowledge_base_are_known_with_their_size(catalog, model, gib):
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared("h100-80g", 1), model=model)
    assert caught.value.rule == "LLM555" and caught.value.values["gib"] == gib
    assert "open_webui_embedding_dir" in caught.value.remedy.en


@pytest.mark.parametrize(
    ("model", "precision"),
    [
        ("deepseek-r1-7b", "awq"),
        ("deepseek-r1-7b", "nvfp4"),
        ("deepseek-r1-671b", "gptq"),
        ("deepseek-r1-671b", "w8a8"),
        ("gpt-oss-20b", "fp8"),  # MXFP4 is not made FP8 while it is loaded
    ],
)
def test_a_checkpoint_that_does_not_exist_is_not_planned_as_another(catalog, model, precision):
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared("h200-141g", 8), model=model, precision=precision, context_length=4096, concurrency=4)
    assert caught.value.rule == "LLM556" and "native" in caught.value.remedy.en


def test_a_repository_that_is_stored_so_needs_no_entry(catalog):
    config = {**find_model(catalog, "deepseek-r1-7b")[1]["config"], "quantization_config": {"quant_method": "awq"}}
    wish = {"model": "of/x-awq", "model_info": {"config": config}, "context_length": 4096, "concurrency": 4}
    assert plan(catalog, declared("h200-141g", 1), precision="awq", **wish)["verdict"] == "fits"


@pytest.mark.parametrize(("name", "value"), [("context_length", "8k"), ("context_length", -5), ("concurrency", -1)])
def test_what_is_no_number_of_tokens_or_requests_is_refused(catalog, name, value):
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared("h200-141g", 1), **{name: value})
    assert caught.value.rule == "LLM526" and name in str(caught.value)


def test_a_config_that_is_no_object_is_refused_and_an_index_that_is_none_ignored(catalog):
    wish = {"model": "of/x", "context_length": 4096, "concurrency": 4}
    with pytest.raises(Refusal) as caught:
        plan(catalog, declared("h100-80g", 1), model_info={"config": [1]}, **wish)
    assert caught.value.rule == "LLM531"
    config = find_model(catalog, "deepseek-r1-7b")[1]["config"]
    info = {"config": config, "index": [1], "bytes_total": "x"}
    made = plan(catalog, declared("h100-80g", 1), model_info=info, **wish)
    assert made["model"]["bytes_source"] == "computed"
