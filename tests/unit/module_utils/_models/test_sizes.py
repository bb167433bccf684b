# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory model against figures that can be worked out by hand, and against published starts."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.quant import Quant
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import read_shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import (
    allocated,
    checkpoint_bytes,
    kv_layer_bytes,
    linear_bytes,
    padded,
    rotary_bytes,
    stage_slack,
    stage_weights,
    stages,
)

from tests.unit.module_utils._models.shapes import shape_of


@pytest.mark.parametrize(
    ("model", "tensor", "token"),
    [
        ("deepseek-r1-671b", 1, 70272),
        ("deepseek-r1-671b", 8, 70272),  # MLA is never divided
        ("deepseek-r1-70b", 1, 327680),
        ("deepseek-r1-70b", 8, 40960),
        ("deepseek-r1-70b", 16, 40960),
        ("deepseek-r1-32b", 1, 262144),
        ("deepseek-r1-7b", 2, 28672),
    ],
)
def test_kv_bytes_of_a_token(catalog, model, tensor, token):
    shape = shape_of(catalog, model)
    assert shape.layers * kv_layer_bytes(shape, tensor, "auto") == token
    assert shape.layers * kv_layer_bytes(shape, tensor, "fp8") == token / 2


def test_padding_of_the_latent_before_0_8(catalog):
    shape = shape_of(catalog, "deepseek-r1-671b")
    assert kv_layer_bytes(shape, 8, "auto", (0, 7, 3)) == 1280


@pytest.mark.parametrize(
    ("model", "billions"),
    [
        ("deepseek-r1-70b", 141.1),
        ("deepseek-r1-32b", 65.5),
        ("deepseek-r1-14b", 29.5),
        ("deepseek-r1-8b", 16.06),
        ("deepseek-r1-7b", 15.23),
        ("deepseek-r1-671b", 688.6),
    ],
)
def test_checkpoint_sizes(catalog, model, billions):
    assert checkpoint_bytes(shape_of(catalog, model)) / 1e9 == pytest.approx(billions, rel=0.005)


def test_bytes_of_a_parameter():
    assert linear_bytes(Quant("awq", 4, 128), 2) == pytest.approx(0.5 + 2.5 / 128)
    assert linear_bytes(Quant("mxfp4", 4, 32), 2) == 4.25 / 8
    assert linear_bytes(Quant(), 2) == 2


def test_stages_cover_all_layers():
    for layers in (2, 28, 61, 80):
        for count in range(1, min(layers, 9)):
            parts = stages(layers, count)
            assert sum(part.layers for part in parts) == layers
            assert parts[0].first and parts[-1].last
            assert [part.start for part in parts] == [sum(part.layers for part in parts[:k]) for k in range(count)]


@pytest.mark.parametrize(
    ("quant", "size"),
    [
        (Quant("gptq", 8, 128), 1 + 3 / 128),
        (Quant("int4", 4, 32), 0.5 + 2 / 32),
        (Quant("bitsandbytes", 4, 64), 0.516),
        (Quant("bitsandbytes", 8, 64), 1.02),
        (Quant("nvfp4", 4, 16), 0.5625),
        (Quant("fp8", 8, 0, 128), 1 + 4 / 128**2),
        (Quant("fbgemm_fp8", 8), 1),
        (Quant("gguf", 4.95), 4.95 / 8),
        (Quant("other", 8), 1),
    ],
)
def test_every_quantisation_has_its_size(quant, size):
    assert linear_bytes(quant, 2) == pytest.approx(size)


def test_moe_and_mxfp4(catalog):
    raw = {"model_type": "qwen3_moe", "num_hidden_layers": 4, "hidden_size": 2048, "num_attention_heads": 32}
    raw.update(num_key_value_heads=4, head_dim=128, intermediate_size=6144, vocab_size=1024, num_experts=8)
    raw.update(num_experts_per_tok=2, moe_intermediate_size=768)
    plain = read_shape(raw, "moe")
    whole = stage_weights(plain, stages(4, 1)[0], 1)
    experts = 4 * 8 * 3 * 2048 * 768 * 2
    assert whole > experts and stage_weights(plain, stages(4, 1)[0], 8) < whole / 5
    small = read_shape({**raw, "quantization_config": {"quant_method": "mxfp4"}}, "moe")
    assert whole - stage_weights(small, stages(4, 1)[0], 1) == pytest.approx(experts * (1 - 4.25 / 16), rel=1e-6)


@pytest.mark.parametrize(
    ("model", "version", "capability", "logged"),
    [
        ("gpt-oss-20b", (0, 11, 0), 9.0, 13.47),  # llm-d's table, H100
        ("gpt-oss-120b", (0, 11, 0), 9.0, 64.38),
        ("gpt-oss-120b", (0, 14, 1), 9.0, 64.38),  # vllm-project/vllm#33155
        ("gpt-oss-120b", (0, 25, 1), 9.0, 61.29),  # H100, "Using 'TRITON' Mxfp4 MoE backend"
        ("gpt-oss-20b", (0, 10, 2), 8.0, 13.7153),  # Marlin: two logs
        ("gpt-oss-120b", (0, 10, 1), 8.0, 65.9651),  # Marlin: vllm-project/vllm#23278
    ],
)
def test_mxfp4_experts_take_whole_tiles_of_the_cards_kernel(catalog, model, version, capability, logged):
    shape = shape_of(catalog, model)
    stage = stages(shape.layers, 1)[0]
    loaded = padded(shape, version, capability)
    assert stage_weights(loaded, stage, 1, version) / 2**30 == pytest.approx(logged, rel=0.01)
    assert stage_weights(shape, stage, 1) <= stage_weights(loaded, stage, 1), "a file has no tiles"


def test_only_mxfp4_is_padded(catalog):
    shape = shape_of(catalog, "deepseek-r1-671b")
    assert padded(shape, (0, 33, 0), 9.0) is shape
    assert padded(shape_of(catalog, "gpt-oss-20b"), (0, 33, 0), 10.3).tiles == (256, 256)
    assert padded(shape_of(catalog, "gpt-oss-20b"), (0, 33, 0), None).tiles == (256, 128), "an unknown card: the most"


def test_sparse_attention_keeps_an_index(catalog):
    raw = {**catalog["models"]["deepseek-r1-671b"]["config"], "model_type": "deepseek_v32", "index_head_dim": 128}
    shape = read_shape(raw, "v3.2")
    assert kv_layer_bytes(shape, 8, "auto") == 576 * 2 + 132
    assert kv_layer_bytes(shape, 8, "fp8") == 656 + 132  # as three logs of GLM-5.1 have it
    stage = stages(61, 1)[0]
    assert stage_weights(shape, stage, 8) > stage_weights(shape_of(catalog, "deepseek-r1-671b"), stage, 8)


def test_end_layers_of_fbgemm_stay_16_bit(catalog):
    raw = {**catalog["models"]["deepseek-r1-8b"]["config"]}
    eight = read_shape({**raw, "quantization_config": {"quant_method": "fp8"}}, "x")
    mixed = read_shape({**raw, "quantization_config": {"quant_method": "fbgemm_fp8"}}, "x")
    stage = stages(32, 1)[0]
    attention, mlp = 4096 * 128 * 80, 3 * 4096 * 14336
    assert stage_weights(mixed, stage, 1) - stage_weights(eight, stage, 1) == 32 * attention + 2 * mlp


def test_learned_positions_and_gguf_embeddings():
    raw = {"model_type": "opt", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 2, "vocab_size": 640}
    shape = read_shape({**raw, "max_position_embeddings": 2048, "ffn_dim": 256, "tie_word_embeddings": True}, "opt")
    more = dataclasses.replace(shape, learned_positions=False)
    stage = stages(2, 1)[0]
    assert stage_weights(shape, stage, 1) - stage_weights(more, stage, 1) == 2048 * 64 * 2
    half = dataclasses.replace(more, quant=Quant("gguf", 8))
    assert stage_weights(half, stage, 1) < 0.7 * stage_weights(more, stage, 1)


@pytest.mark.parametrize(("size", "given"), [
    (9.5, 9.5), (11, 12), (12, 12), (12.5, 12.5), (13, 14), (24.5, 24.5), (259, 260), (31.5, 32),
])  # fmt: skip
def test_what_is_left_of_a_block_of_two_mebibytes_is_split_off_from_one_on(size, given):
    assert allocated(size * 2**20) == given * 2**20


@pytest.mark.parametrize(("model", "tensor", "logged"), [
    ("deepseek-r1-32b", 2, 30.73), ("qwen3-14b", 1, 27.5185), ("deepseek-r1-8b", 1, 14.9888),
])  # fmt: skip
def test_weights_as_starts_log_them(catalog, model, tensor, logged):
    """With what the allocator adds: 3 MiB a layer of the first, nothing for the powers of two of the others."""
    shape = shape_of(catalog, model)
    stage = stages(shape.layers, 1)[0]
    size = stage_weights(shape, stage, tensor) + stage_slack(shape, stage, tensor)
    assert size / 2**30 == pytest.approx(logged, abs=0.01)


def test_angles_for_video_since_0_7_2(catalog):
    shape = shape_of(catalog, "qwen3-vl-8b")
    assert rotary_bytes(shape) == 4 * rotary_bytes(shape, (0, 7, 1))
    plain = shape_of(catalog, "deepseek-r1-7b")
    assert rotary_bytes(plain) == rotary_bytes(plain, (0, 7, 1))
