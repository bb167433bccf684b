# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parts of a checkpoint are stored otherwise, as the lists of published ones say it."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.quant import read_quant
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import checkpoint_bytes, linear_bytes

from tests.unit.module_utils._models.shapes import shape_of

COUNTS = {"attention": 4, "dense": 1, "experts": 3, "shared": 3, "routed": 8, "first": 1}


def others(raw, **config):
    quant = read_quant({"quantization_config": raw, **config}, COUNTS)
    return quant.method, {part: (share, how.method) for part, share, how in quant.others}


@pytest.mark.parametrize(
    "names",
    [
        ["lm_head", *(f"model.layers.{index}.self_attn*" for index in range(4))],
        ["re:.*self_attn.*"],
        ["model.layers.*.self_attn.*"],
        ["*.attn.*", "head"],
    ],
)
def test_attention_that_is_left_out_by_lists_of_every_form(names):
    method, found = others({"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": names})
    assert method == "nvfp4" and found["attention"] == (1.0, "")
    assert "experts" not in found and "shared" not in found


def test_a_list_of_single_layers_and_matrices_counts_in_part():
    _method, found = others({"quant_method": "awq", "modules_to_not_convert": ["model.layers.0.self_attn"]})
    assert found == {"attention": (0.25, "")}
    _method, found = others({"quant_method": "awq", "modules_to_not_convert": ["re:.*self_attn.q_proj$"]})
    assert found == {"attention": (0.25, "")}


@pytest.mark.parametrize("name", ["model.layers.0.mlp.gate", "lm_head", "model.layers.1.post_attention_layernorm", "x"])
def test_routers_norms_and_ends_change_nothing(name):
    assert others({"quant_method": "fp8", "modules_to_not_convert": [name]}) == ("fp8", {})


def test_nvfp4_without_a_list_keeps_attention_in_16_bit():
    _method, found = others({"quant_method": "modelopt", "quant_algo": "NVFP4"})
    assert found["attention"] == (1.0, "") and found["shared"] == (1.0, "")


def test_the_file_beside_config_json():
    raw = {"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "NVFP4", "exclude_modules": ["lm_head"]}}
    assert others(raw)[0] == "nvfp4"


def test_mixed_precision_by_module():
    layers = {f"model.layers.{index}.mlp.experts.{expert}.up_proj": {"quant_algo": "NVFP4"} for index in (1, 2, 3)
              for expert in range(8)}  # fmt: skip
    layers.update({f"model.layers.{index}.self_attn.{name}_proj": {"quant_algo": "FP8"} for index in range(4)
                   for name in "qkvo"})  # fmt: skip
    method, found = others({"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION", "quantized_layers": layers})
    assert method == "nvfp4" and found["attention"] == (1.0, "fp8")


def test_experts_of_deepseek_v4_are_fp4_where_the_file_says_fp8():
    raw = {"quant_method": "fp8", "weight_block_size": [128, 128]}
    assert others(raw, expert_dtype="fp4") == ("fp8", {"experts": (1.0, "mxfp4")})
    assert read_quant({"quantization_config": raw, "expert_dtype": "fp4"}, COUNTS).forms() == ("fp8", "mxfp4")


@pytest.mark.parametrize(
    ("model", "low", "high"), [("deepseek-v4-flash", 155, 175), ("kimi-k2.5", 585, 605), ("gpt-oss-120b", 60, 70)]
)
def test_sizes_that_the_hub_shows(catalog, model, low, high):
    assert low < checkpoint_bytes(shape_of(catalog, model)) / 1e9 < high


@pytest.mark.parametrize(("raw", "method", "bits", "group"), [
    ({"quant_method": "gptq", "bits": 4, "group_size": -1}, "gptq", 4, 0),  # a scale for each channel
    ({"quant_method": "inc", "bits": 4, "group_size": 128}, "gptq", 4, 128),
    ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "bitsandbytes", 8, 64),
    ({"quant_method": "bitsandbytes", "load_in_8bit": True, "load_in_4bit": False}, "bitsandbytes", 8, 64),
    ({"quant_method": "bitsandbytes", "load_in_4bit": True, "load_in_8bit": False}, "bitsandbytes", 4, 64),
    ({"quant_method": "modelopt_fp4"}, "nvfp4", 4, 16),
    ({"quant_method": "compressed-tensors", "config_groups": {
        "group_0": {"weights": {"num_bits": 4, "type": "int", "group_size": -1}}}}, "int4", 4, 0),
])  # fmt: skip
def test_forms_that_few_write(raw, method, bits, group):
    """What each takes: -1 was read as a group of -1, so that a GPTQ checkpoint weighed nothing."""
    quant = read_quant({"quantization_config": raw}, COUNTS)
    assert (quant.method, quant.bits, quant.group) == (method, bits, group)
    assert bits / 8 <= linear_bytes(quant, 2) <= bits / 8 + 1 / 16


@pytest.mark.parametrize("bits", [-4, 400, "four", 0.1])
def test_bits_that_no_format_has(bits):
    with pytest.raises(ValueError):
        read_quant({"quantization_config": {"quant_method": "gptq", "bits": bits}}, COUNTS)
