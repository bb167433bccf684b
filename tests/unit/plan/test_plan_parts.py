"""Catalogue, flags, texts, saving, calibration, filter."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser

import pytest
from ansible_collections.yitiji.deepseek.plugins.filter.plan import FilterModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base._plan_error_tmp import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import find_model, read_catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import lmdeploy, sglang, vllm
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import read_shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.calibrate import (
    add_row,
    compare,
    kv_factor,
    parse_log,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import match_gpu
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.html import page
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.save import as_json, read_rows, save_files
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import explain, pad, width, wrap_args

from tests.sizing.common import ROOT, declared, parse, plan
from tests.sizing.golden import table


def test_a_vendors_folder_adds_and_changes(tmp_path, catalog):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "vendor.yml").write_text(
        "economy: {model: deepseek-r1-14b, engine: vllm, device: cuda}\n"
        "basic: {concurrency: 8, stated: {concurrency: 8}}\n"
    )
    found = read_catalog([str(ROOT / "plugins" / "catalog"), str(tmp_path)], parse)
    assert found["profiles"]["basic"]["concurrency"] == 8
    assert found["profiles"]["basic"]["stated"] == {"concurrency": 8, "requests_per_second": "10-20"}
    assert found["profiles"]["basic"]["model"] == catalog["profiles"]["basic"]["model"]
    assert plan(found, declared("a100-80g", 1), profile="economy")["model"]["served_name"] == "deepseek-r1-14b"


@pytest.mark.parametrize("content", ["- a list\n", "name: text\n", "a: [unclosed\n"])
def test_a_broken_catalogue_file_is_named(tmp_path, content):
    (tmp_path / "gpus").mkdir()
    (tmp_path / "gpus" / "bad.yml").write_text(content)
    with pytest.raises(Refusal, match=r"bad\.yml") as caught:
        read_catalog([str(tmp_path)], parse)
    assert caught.value.id == "LLM520"


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(Refusal, match="does not exist"):
        read_catalog([str(tmp_path / "nix")], parse)


def test_models_by_name_and_by_id(catalog):
    assert find_model(catalog, "deepseek-r1-7b")[0] == "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"
    assert find_model(catalog, "deepseek-ai/DeepSeek-R1")[1]["served_name"] == "deepseek-r1-671b"
    assert find_model(catalog, "some/other") == ("some/other", None)


def test_catalogue_is_sound(catalog):
    for name, entry in catalog["models"].items():
        assert read_shape(entry["config"], name).sized
    for name, entry in catalog["gpus"].items():
        assert entry["memory_gib"] > 1 and entry["vendor"] and ("capability" in entry or "formats" in entry), name
    for name, entry in catalog["profiles"].items():
        assert find_model(catalog, entry["model"])[1] and entry["engine"] in catalog["engines"], name
        assert entry["chat_image"] in catalog["images"]
        for gpu in entry.get("hardware", {}).get("gpus", []):
            assert gpu["model"] in catalog["gpus"]
    for name, entry in catalog["images"].items():
        assert re.search(r":[^/]*\d", entry["ref"]) and not entry["ref"].endswith(":latest"), name


def test_cards_are_found_by_id_name_and_size(catalog):
    assert match_gpu({"pci_id": "10DE:2684", "memory_bytes": int(23.5 * 2**30)}, catalog)[0] == "rtx-4090-24g"
    assert match_gpu({"name": "NVIDIA A100-SXM4-80GB", "memory_bytes": 79 * 2**30}, catalog)[0] == "a100-80g"
    assert match_gpu({"name": "NVIDIA A100-SXM4-40GB", "memory_bytes": 39 * 2**30}, catalog)[0] == "a100-40g"
    assert match_gpu({"name": "NVIDIA H20", "memory_bytes": 140 * 2**30}, catalog)[0] == "h20-141g"
    assert match_gpu({"name": "NVIDIA H200", "memory_bytes": 140 * 2**30}, catalog)[0] == "h200-141g"
    assert match_gpu({"name": "Riva 128"}, catalog) == ("Riva 128", {})


def test_flags_belong_to_versions(catalog):
    engine = catalog["engines"]["vllm"]
    wish = vllm.Settings("/models/x", "x", 8000, "cuda", "half", 4096, 8, 2048, reasoning_parser="deepseek_r1")
    old, new = (vllm.command(engine, version, wish) for version in ("0.8.5.post1", "0.33.0"))
    assert old[:2] == ["--model", "/models/x"] and new[0] == "/models/x"
    assert "--enable-reasoning" in old and "--enable-reasoning" not in new
    assert not vllm.has_flag(engine, "swap_space", "0.33.0") and vllm.has_flag(engine, "swap_space", "0.8.5")
    with pytest.raises(ValueError, match="kv_bytes"):
        vllm.command(engine, "0.8.5", vllm.Settings("/m", "x", 1, "cpu", "half", 1, 1, 1, kv_bytes=5))


@pytest.mark.parametrize("version", ["0.32.0", "0.33.0"])
def test_what_decides_memory_is_always_written(catalog, version):
    wish = vllm.Settings("/m", "x", 8000, "cuda", "bfloat16", 4096, 8, 2048, utilization=0.92)
    args = vllm.command(catalog["engines"]["vllm"], version, wish)
    for flag in (
        "--max-num-seqs",
        "--max-num-batched-tokens",
        "--gpu-memory-utilization",
        "--kv-cache-dtype",
        "--max-model-len",
        "--dtype",
    ):
        assert args.count(flag) == 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_text(catalog, language):
    made = plan(catalog, declared("h20-96g", 8, 2), profile="flagship")
    text = explain(made, language)
    assert "1,139," in text and "--tensor-parallel-size 8" in text and "TP 8 x PP 2 x DP 1" in text
    assert ("权重" in text) == (language == "zh")
    lab = plan(catalog, declared("", 0, memory_gib=24), profile="lab")
    assert "CPU" in explain(lab, language) and "█" in explain(lab, language)


def test_columns_count_chinese_as_two():
    assert width("模型a") == 5 and width(pad("模型", 8)) == 8
    assert wrap_args(["/m", "--a", "1", "--b", "--c", "2"]) == ["/m", "--a 1", "--b", "--c 2"]


def test_html_is_well_formed_and_escaped(catalog):
    made = plan(catalog, declared("h20-96g", 8, 2), profile="flagship", deployment="<script>x")
    content = page(made)
    assert "<script" not in content and content.count("class=bar") == 16
    first, last = (one["weights"] for one in made["memory"]["stages_gib"])
    assert first != last and max(first, last) == made["memory"]["per_gpu_gib"]["weights"]
    assert content.count(f": {first} GiB") == content.count(f": {last} GiB") == 8
    HTMLParser().feed(content)
    assert "class=bar" not in page(plan(catalog, declared("", 0, memory_gib=24), profile="lab"))
    assert "GGUF" in page(plan(catalog, declared("a100-80g", 1, memory_gib=64), engine="llamacpp"))


def test_saving(tmp_path):
    folder = str(tmp_path / "plans" / "demo")
    files = {"plan.json": as_json({"a": "中"}), "plan.zh.txt": "x\n"}
    assert save_files(folder, files, True)[0] and not os.path.exists(folder)
    assert save_files(folder, files, False)[0]
    assert save_files(folder, files, False) == (False, [])
    assert json.loads((tmp_path / "plans" / "demo" / "plan.json").read_text()) == {"a": "中"}
    changed, diff = save_files(folder, {"plan.zh.txt": "y\n"}, False)
    assert changed and diff[0]["before"] == "x\n"
    assert not [name for name in os.listdir(folder) if name.startswith(".plan-")]
    assert read_rows("") == [] and read_rows(str(tmp_path / "none")) == []


LOG = """INFO non-default args: {}
INFO GPU KV cache size: 1 tokens
INFO non-default args: {'model': 'x'}
INFO Model loading took 41.02 GiB and 60 seconds
INFO Available KV cache memory: 30.10 GiB
INFO Available KV cache memory: 29.90 GiB
INFO GPU KV cache size: 929,120 tokens
INFO Maximum concurrency for 32,768 tokens per request: 28.35x
"""


def test_learning_from_a_log(catalog):
    measured = parse_log(LOG)
    assert measured == {"weights_gib": 41.02, "kv_gib": 29.9, "kv_tokens": 929120, "concurrency": 28.35}
    made = plan(catalog, declared("h20-96g", 8, 2), profile="flagship")
    found = compare(made, measured)
    assert found["warnings"][0]["id"] == "LLM535" and "929120" in found["warnings"][0]["en"]
    row = found["calibration"]
    assert row["gpu"] == "h20-96g" and 0.7 < row["kv_factor"] < 0.85
    near = dict(measured, kv_tokens=made["capacity"]["kv_tokens_best"] * 0.9)
    assert not compare(made, near)["warnings"]
    assert add_row([row, {"gpu": "other"}], row) == [{"gpu": "other"}, row]
    assert kv_factor([row], "0.32.0", "h20-96g") == row["kv_factor"]
    assert parse_log("nothing here") == {}


def test_learning_on_a_cpu(catalog):
    lab = plan(catalog, declared("", 0, memory_gib=24), profile="lab")
    found = compare(lab, parse_log("CPU KV cache size: 131,072 tokens, Maximum concurrency for 2,048"))
    assert found["calibration"]["kv_factor"] == 1.0 and not found["warnings"]


def test_filter():
    hostvars = {
        "a": {"ansible_host": "10.0.0.1", "appliance_node": {"x": 1}},
        "b": {"appliance_address": "10.9.9.9"},
        "c": {},
    }
    nodes = FilterModule().filters()["plan_nodes"](["b", "a", "c"], hostvars)
    assert list(nodes) == ["b", "a", "c"]
    assert [one["address"] for one in nodes.values()] == ["10.9.9.9", "10.0.0.1", "c"]
    assert nodes["a"]["facts"] == {"x": 1}


def test_golden_table():
    """Every model on every card. An intended change: python -m tests.sizing.golden > tests/sizing/golden/plans.md"""
    assert table() == (ROOT / "tests" / "sizing" / "golden" / "plans.md").read_text(encoding="utf-8")


def test_every_setting_reaches_sglang_and_lmdeploy():
    wish = vllm.Settings(
        "/m",
        "x",
        8000,
        "cuda",
        "bfloat16",
        4096,
        8,
        2048,
        kv_dtype="fp8",
        data=2,
        quantization="fp8",
        eager=True,
        trust_remote_code=True,
        reasoning_parser="deepseek_r1",
        nodes=2,
        node_rank=1,
        master_address="10.0.0.1",
        master_port=5,
    )
    made = " ".join(sglang.command(wish))
    for part in (
        "--dp-size 2",
        "--quantization fp8",
        "--disable-cuda-graph",
        "--trust-remote-code",
        "--kv-cache-dtype fp8_e4m3",
        "--dist-init-addr 10.0.0.1:5",
        "--node-rank 1",
        "--reasoning-parser deepseek-r1",
    ):
        assert part in made
    other = " ".join(lmdeploy.command(wish))
    assert "--quant-policy 8" in other and "--eager-mode" in other and "--cache-max-entry-count" not in other
