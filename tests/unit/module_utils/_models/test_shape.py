# SPDX-License-Identifier: GPL-3.0-or-later
"""config.json: what is read of it, and what is refused."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.quant import read_quant
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import read_shape

GOOD = {
    "model_type": "qwen2",
    "num_hidden_layers": 28,
    "hidden_size": 3584,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "intermediate_size": 18944,
    "vocab_size": 152064,
    "torch_dtype": "bfloat16",
}


def test_reads_a_dense_model():
    shape = read_shape(GOOD, "x/y")
    assert (shape.head_dim, shape.kv_heads, shape.mla, shape.moe, shape.sized) == (128, 4, False, False, True)


@pytest.mark.parametrize(
    "change",
    [
        {"hidden_size": None},
        {"num_hidden_layers": 0},
        {"num_hidden_layers": 10**6},
        {"vocab_size": -1},
        {"vocab_size": "many"},
        {"hidden_size": 3584.5},
        {"num_attention_heads": True},
        {"num_key_value_heads": 5},
        {"num_experts": 4, "num_experts_per_tok": 8},
        {"model_type": None},
        {"num_experts": 4, "num_experts_per_tok": 2, "first_k_dense_replace": 99},
    ],
)
def test_refuses_missing_and_absurd_fields(change):
    with pytest.raises(Refusal) as caught:
        read_shape({**GOOD, **change}, "x/y")
    assert caught.value.rule == "LLM531"
    assert "x/y" in caught.value.reason.zh


@pytest.mark.parametrize("raw", [{}, [], None, "text"])
def test_refuses_what_is_no_config(raw):
    with pytest.raises(Refusal, match="empty"):
        read_shape(raw, "x/y")


def test_unknown_and_hybrid_types_are_marked():
    plain = read_shape({**GOOD, "model_type": "brand_new"}, "x")
    assert not plain.known and plain.sized
    assert not read_shape({**GOOD, "model_type": "brand_new", "ssm_state_size": 128}, "x").sized
    assert read_shape({**GOOD, "model_type": "qwen3_next"}, "x").hybrid  # linear layers without their heads
    assert read_shape({**GOOD, "model_type": "nemotron_h"}, "x").hybrid
    mixed = read_shape(
        {**GOOD, "layer_types": ["full_attention", "sliding_attention"] * 14, "sliding_window": 128}, "x"
    )
    assert mixed.mixed and mixed.sized and mixed.pattern == "fs" * 14 and mixed.window == 128
    assert not read_shape({**GOOD, "layer_types": ["full_attention"] * 28}, "x").mixed


def test_vision_model_keeps_its_language_part():
    shape = read_shape({"model_type": "qwen2_5_vl", "vision_config": {}, "text_config": GOOD}, "x")
    assert shape.vision and shape.layers == 28


@pytest.mark.parametrize(
    ("raw", "method", "bits"),
    [
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8", 8),
        ({"quant_method": "awq", "bits": 4, "group_size": 64}, "awq", 4),
        ({"quant_method": "gptq", "bits": 8}, "gptq", 8),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True, "load_in_4bit": False}, "bitsandbytes", 8),
        ({"quant_method": "mxfp4"}, "mxfp4", 4),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4", 4),
        (
            {"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 8, "type": "int"}}}},
            "int8",
            8,
        ),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"g": {"weights": {"num_bits": 8, "type": "float"}}},
            },
            "fp8",
            8,
        ),
        ({"quant_method": "something"}, "something", 16),
    ],
)
def test_quantisation(raw, method, bits):
    quant = read_quant({"quantization_config": raw})
    assert (quant.method, quant.bits) == (method, bits)


@pytest.mark.parametrize(("change", "pattern"), [
    ({"model_type": "exaone4", "sliding_window": 4096, "sliding_window_pattern": "LLLG"}, "sssfsssf"),
    ({"model_type": "exaone4", "sliding_window": None, "sliding_window_pattern": None}, ""),
    ({"model_type": "cohere2", "sliding_window": 4096}, "sssfsssf"),
    ({"model_type": "cohere2", "sliding_window": 4096, "sliding_window_pattern": 2}, "sfsfsfsf"),
])  # fmt: skip
def test_windows_between_full_layers(change, pattern):
    shape = read_shape({**GOOD, "num_hidden_layers": 8, **change}, "m")
    assert shape.pattern == pattern and shape.sized and shape.known
    assert shape.window == (4096 if pattern else 0)


def test_one_matrix_for_both_ends_where_the_type_has_it():
    config = {key: value for key, value in GOOD.items() if key != "tie_word_embeddings"}
    assert read_shape({**config, "model_type": "cohere"}, "m").tied
    assert not read_shape({**config, "model_type": "cohere", "tie_word_embeddings": False}, "m").tied


def test_an_encoder_with_a_decoder_is_no_chat_model():
    with pytest.raises(Refusal) as refused:
        read_shape({**GOOD, "model_type": "t5", "is_encoder_decoder": True}, "m")
    assert refused.value.rule == "LLM531" and "decoder" in refused.value.reason.en
