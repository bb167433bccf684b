# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogue, flags, texts, saving, calibration, filter."""

from __future__ import annotations

import re

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import find_model, read_catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import read_shape

from tests.sizing.common import ROOT, declared, parse, plan


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
    assert caught.value.rule == "LLM520"


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
