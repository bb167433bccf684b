# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes of weights and of KV cache on one device, from the shape and the layout."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Dict, List, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import DTYPES, Quant, Shape

GIB = 1024**3
Version = Tuple[int, ...]
NEWEST: Version = (0, 33, 0)


@dataclass(frozen=True)
class Stage:
    """What one rank of a pipeline stage holds."""

    layers: int
    first: bool
    last: bool
    start: int


def stages(layers: int, pipeline: int) -> List[Stage]:
    """The pipeline stages as vLLM splits the layers: equally, the remainder from the last stage but one backwards."""
    base, rest = divmod(layers, pipeline)
    counts = [base] * pipeline
    for index in range(rest):
        counts[-(index + 2) if pipeline > 1 else -1] += 1
    result, start = [], 0
    for index, count in enumerate(counts):
        result.append(Stage(count, index == 0, index == pipeline - 1, start))
        start += count
    return result


def linear_bytes(quant: Quant, dtype_bytes: int) -> float:
    """Bytes that one parameter of a linear layer takes, scales and zero points included."""
    if quant.method in ("awq", "gptq") or quant.method.startswith("int"):
        group = quant.group or 128
        return quant.bits / 8 + (2 + (quant.bits / 8 if quant.method in ("awq", "gptq") else 0)) / group
    if quant.method == "bitsandbytes":
        return 0.516 if quant.bits == 4 else 1.02
    if quant.method == "mxfp4":
        return 4.25 / 8
    if quant.method == "nvfp4":
        return 0.5625
    if quant.method in ("fp8", "fbgemm_fp8"):
        return 1 + (4 / quant.block**2 if quant.block else 0)
    if quant.method == "gguf":
        return quant.bits / 8
    return float(dtype_bytes) if quant.bits >= 16 else quant.bits / 8


def attention_params(shape: Shape, tensor: int) -> float:
    """Number of linear parameters of one attention block on one rank."""
    h, n = shape.hidden, shape.heads / tensor
    if not shape.mla:
        kv = max(1.0, shape.kv_heads / tensor)
        return h * shape.head_dim * (2 * n + 2 * kv)
    qk = shape.nope_dim + shape.rope_dim
    query = h * shape.q_lora + shape.q_lora * n * qk if shape.q_lora else h * n * qk
    latent = h * (shape.kv_lora + shape.rope_dim) + shape.kv_lora * n * (shape.nope_dim + shape.v_dim)
    index = 0.0
    if shape.index_dim:
        heads = shape.index_heads or 64
        index = shape.q_lora * heads * shape.index_dim + h * shape.index_dim + h * heads
    return query + latent + n * shape.v_dim * h + index


def absorbed_bytes(shape: Shape, tensor: int) -> float:
    """Bytes of the bf16 copies of W_UK and W_UV that the MLA kernels keep besides the checkpoint's own."""
    if not shape.mla:
        return 0.0
    return 2.0 * (shape.heads / tensor) * (shape.nope_dim + shape.v_dim) * shape.kv_lora


def layer_bytes(shape: Shape, index: int, tensor: int) -> float:
    """Bytes of one decoder layer on one rank."""
    dtype = DTYPES.get(shape.dtype, 2)
    plain = linear_bytes(Quant(), dtype)
    stored = linear_bytes(shape.quant, dtype)
    edge = shape.quant.method == "fbgemm_fp8"  # attention and the two end layers stay 16 bit
    outside = plain if shape.quant.experts_only or edge else stored
    if edge and index in (0, shape.layers - 1):
        stored = plain
    total = attention_params(shape, tensor) * outside + absorbed_bytes(shape, tensor) + 2 * shape.hidden * dtype
    if shape.qkv_bias:
        total += dtype * shape.head_dim * (shape.heads / tensor + 2 * max(1.0, shape.kv_heads / tensor))
    if not shape.moe or index < shape.dense_first:
        return total + shape.mlp_matrices * shape.hidden * shape.inter / tensor * (
            outside if shape.quant.experts_only else stored
        )
    inter = shape.moe_inter
    if shape.quant.method == "mxfp4":
        inter = -(-inter // (256 * tensor)) * 256 * tensor
    total += shape.experts * shape.mlp_matrices * shape.hidden * inter / tensor * stored
    shared = shape.shared_inter or shape.experts_shared * shape.moe_inter
    total += shape.mlp_matrices * shape.hidden * shared / tensor * outside
    return total + shape.hidden * shape.experts * dtype


def embedding_bytes(shape: Shape, tensor: int) -> float:
    """Bytes of the vocabulary's matrix on one rank."""
    rows = -(-shape.vocab // 64) * 64
    size = shape.quant.bits / 8 if shape.quant.method == "gguf" else DTYPES.get(shape.dtype, 2)
    return rows / tensor * shape.hidden * size


def fused_bytes(shape: Shape, tensor: int) -> float:
    """Bytes of the products W_Q x W_UK and W_UV x W_O, which only vLLM 0.7 keeps."""
    n = shape.heads / tensor
    products = shape.q_lora * n * (shape.kv_lora + shape.rope_dim) + n * shape.kv_lora * shape.hidden
    return products * linear_bytes(shape.quant, DTYPES.get(shape.dtype, 2))


def lora_bytes(shape: Shape, tensor: int, rank: int) -> float:
    """Bytes of the buffers for one LoRA adapter on every linear layer."""
    h, q, kv = shape.hidden, shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    ends = 2 * (h + q) + 2 * (h + kv) + shape.mlp_matrices * (h + shape.inter)
    return 2.0 * rank * ends * shape.layers / tensor


def _kinds(shape: Shape, stage: Stage) -> Dict[int, int]:
    """Layers of the stage by a stand-in index of their kind: first, dense, last, or any other."""
    counts: Dict[int, int] = {}
    for index in range(stage.start, stage.start + stage.layers):
        kind = index if index in (0, shape.layers - 1) else min(index, shape.dense_first or 1)
        counts[kind] = counts.get(kind, 0) + 1
    return counts


_layer = functools.lru_cache(maxsize=8192)(layer_bytes)


@functools.lru_cache(maxsize=8192)
def stage_weights(shape: Shape, stage: Stage, tensor: int, version: Version = NEWEST) -> float:
    """Bytes of all weights of one rank of the stage, and of the table of rotary angles that every rank keeps."""
    total = sum(_layer(shape, kind, tensor) * count for kind, count in _kinds(shape, stage).items())
    if shape.mla and (0, 7) <= version < (0, 8):
        total += stage.layers * fused_bytes(shape, tensor)
    total += shape.max_len * (shape.rope_dim or shape.head_dim) * (4 if shape.mla else 2)
    if stage.first or (stage.last and shape.tied):
        total += embedding_bytes(shape, tensor)
    if stage.last and not shape.tied:
        total += embedding_bytes(shape, tensor)
    if stage.first and shape.learned_positions:
        total += shape.max_len * shape.hidden * DTYPES.get(shape.dtype, 2)
    return total + shape.vision_params * 2 / tensor


def checkpoint_bytes(shape: Shape) -> float:
    """Bytes of the checkpoint on disk: all weights once, without the absorbed copies, with the MTP layers."""
    whole = stage_weights(shape, Stage(shape.layers, True, True, 0), 1)
    whole -= absorbed_bytes(shape, 1) * shape.layers
    whole -= shape.max_len * (shape.rope_dim or shape.head_dim) * (4 if shape.mla else 2)
    if shape.mtp_layers:
        extra = layer_bytes(shape, shape.layers, 1) - absorbed_bytes(shape, 1)
        whole += shape.mtp_layers * (extra + 2 * embedding_bytes(shape, 1) + 4 * shape.hidden**2)
    return whole


def kv_value_bytes(kv_dtype: str, dtype: str) -> int:
    """Bytes of one number in the KV cache."""
    return 1 if kv_dtype.startswith("fp8") else DTYPES.get(dtype, 2)


def kv_layer_bytes(shape: Shape, tensor: int, kv_dtype: str, version: Version = NEWEST) -> float:
    """Bytes of the KV cache for one token in one layer on one rank.

    MLA's latent is copied on every rank, never divided.
    """
    size = kv_value_bytes(kv_dtype, shape.dtype)
    if shape.mla:
        values = shape.kv_lora + shape.rope_dim
        if version < (0, 8):
            values = -(-values // 128) * 128  # entries were padded
        return float(values * size + (132 if shape.index_dim else 0))
    return 2.0 * max(1, shape.kv_heads // tensor) * shape.head_dim * size
