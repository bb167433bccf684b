# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory as a source, and what the hub says about a model."""

from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    Entry,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.hub import (
    describe,
    directory_listing,
    directory_of,
    entries,
    unproven,
)


def test_directory_as_source(tmp_path, installed):
    assert directory_of(str(installed), "o/m") == str(installed)
    assert [entry.path for entry in directory_listing(str(installed), "o/m")] == ["b", "sub/a"]
    with pytest.raises(Refusal, match="manifest is of o/m"):
        directory_listing(str(installed), "o/other")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(Refusal) as caught:
        directory_of(str(tmp_path / "nothing"), "o/m")
    assert caught.value.rule == "LLM615"


def test_quantisation_that_stands_beside_config_json():
    beside = {"quantization": {"quant_algo": "NVFP4", "exclude_modules": ["lm_head"]}}
    documents = {"config.json": b'{"model_type": "qwen2"}', "hf_quant_config.json": json.dumps(beside).encode()}
    listing = [Entry(name, 1, "a" * 64) for name in documents]
    assert describe(listing, documents.get)["config"]["quantization_config"] == {"quant_method": "modelopt", **beside}
    documents["config.json"] = b'{"quantization_config": {"quant_method": "fp8"}}'
    assert describe(listing, documents.get)["config"] == {"quantization_config": {"quant_method": "fp8"}}


def test_description():
    index = {"metadata": {"total_size": 7}, "weight_map": {"x": "s1", "y": "s2"}}
    documents = {"config.json": b'{"model_type": "qwen2"}', "m.safetensors.index.json": json.dumps(index).encode()}
    listing = [Entry(name, 1, "a" * 64) for name in [*documents, "s1"]]
    found = describe(listing, documents.get)
    assert found["config"] == {"model_type": "qwen2"} and found["index"]["shards"] == ["s1", "s2"]
    assert [warning["id"] for warning in found["warnings"]] == ["LLM603"]
    assert describe([Entry("config.json", 1, "")], lambda _name: b"no")["config"] is None


def test_files_without_a_sha256_are_a_doubt_of_its_own():
    """Not LLM601, which says that a file is not the listed one."""
    listing = [Entry("config.json", 2, ""), Entry("a.safetensors", 9, "0" * 64)]
    found = describe(listing, {"config.json": b"[]"}.get)
    assert [warning["id"] for warning in found["warnings"]] == ["LLM602", "LLM567"]
    assert "config.json" in found["warnings"][1]["en"] and found["warnings"][1]["zh"].startswith("模型站点")
    assert unproven(listing[1:], "x") == []


def test_sizes_that_a_hub_sends_as_text():
    rows = [{"Path": "b", "Size": "26", "Sha256": "b" * 64, "Type": "blob"}, {"Path": "a", "Size": 26.0},
            {"Path": "sub", "Size": "", "Type": "tree"}]  # fmt: skip
    assert entries("o/m", rows) == [Entry("a", 26, ""), Entry("b", 26, "b" * 64)]
    with pytest.raises(Refusal, match="26 bytes"):
        entries("o/m", [{"Path": "a", "Size": "26 bytes"}])
