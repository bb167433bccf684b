# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes of weights and of KV cache on one device, from the shape and the layout."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.quant import PLAIN, Quant
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import DTYPES, Shape

GIB = 1024**3
MIB = 1024**2
Version = Tuple[int, ...]
NEWEST: Version = (0, 33, 0)
VIDEO_ANGLES: Version = (0, 7, 2)
TRITON_ROWS: Version = (0, 25)  # the first start that shows it; 0.14 had 256 yet


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
        group = quant.group if quant.group > 0 else 128
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


def part_bytes(shape: Shape, part: str) -> float:
    """Bytes that one parameter of a part takes: as most of the checkpoint, but for what is stored otherwise."""
    dtype = DTYPES.get(shape.dtype, 2)
    each = linear_bytes(PLAIN if part in ("head", "vision") and shape.quant.method != "gguf" else shape.quant, dtype)
    for name, share, how in shape.quant.others:
        if name == part:
            each += share * (linear_bytes(how, dtype) - each)
    return each


def attention_params(shape: Shape, tensor: int, letter: str = "f") -> float:
    """Number of linear parameters of one attention block on one rank."""
    h, n = shape.hidden, shape.heads / tensor
    if shape.compressed:
        return _compressed_params(shape, tensor, letter)
    if letter == "l" and shape.linear:
        line = shape.linear
        keys, values = line.key_heads * line.key_dim / tensor, line.value_heads * line.value_dim / tensor
        return h * (2 * keys + 3 * values + 2 * line.value_heads / tensor) + (2 * keys + values) * line.kernel
    if not shape.mla:
        heads, dim, value = cached_heads(shape, letter)
        kv = max(1.0, heads / tensor)
        return h * (dim * n * (2 if shape.gate else 1) + value * n + (dim + value) * kv)
    qk = shape.nope_dim + shape.rope_dim
    query = h * shape.q_lora + shape.q_lora * n * qk if shape.q_lora else h * n * qk
    latent = h * (shape.kv_lora + shape.rope_dim) + shape.kv_lora * n * (shape.nope_dim + shape.v_dim)
    return query + latent + n * shape.v_dim * h + index_params(shape) * index_share(shape)


def index_share(shape: Shape) -> float:
    """The share of the layers that have an indexer of their own."""
    return shape.index_layers / shape.layers if shape.index_layers else 1.0


def index_params(shape: Shape) -> float:
    """Parameters of the indexer of sparse attention, which every rank has whole."""
    if not shape.index_dim:
        return 0.0
    heads = shape.index_heads or 64
    return shape.q_lora * heads * shape.index_dim + shape.hidden * (shape.index_dim + heads)


def _compressed_params(shape: Shape, tensor: int, letter: str) -> float:
    """DeepSeek-V4: queries in low rank, one latent, the output by groups, and what compresses the cache."""
    h, n, dim = shape.hidden, shape.heads / tensor, shape.head_dim
    total = h * shape.q_lora + shape.q_lora * n * dim + h * dim
    total += n * dim * shape.o_lora + shape.o_groups / tensor * shape.o_lora * h
    width = {"c": 2, "h": 1}.get(letter, 0)
    total += 2 * h * width * dim * 2  # in 16 bit, where the rest is 8
    if letter == "c":
        total += index_params(shape) + 2 * h * 2 * shape.index_dim * 2
    return total


def absorbed_bytes(shape: Shape, tensor: int) -> float:
    """Bytes of the bf16 copies of W_UK and W_UV that the MLA kernels keep besides the checkpoint's own."""
    if not shape.mla:
        return 0.0
    return 2.0 * (shape.heads / tensor) * (shape.nope_dim + shape.v_dim) * shape.kv_lora


def padded(shape: Shape, version: Version, capability: Optional[float]) -> Shape:
    """Its MXFP4 experts in whole tiles, as the kernels of the card want them (vLLM's mxfp4.py).

    Triton's on Hopper (until 0.24 with rows of whole 256 numbers), FlashInfer's on 10.x, else Marlin's.
    """
    if shape.quant.method != "mxfp4":
        return shape
    major = int(capability or 0)
    tiles = {9: (1, 64 if version >= TRITON_ROWS else 256), 10: (256, 256)}.get(major, (256, 128))
    return dataclasses.replace(shape, tiles=tiles)


def expert_bytes(shape: Shape, tensor: int, whole: bool = False) -> float:
    """Bytes of a layer's routed experts on one rank; `whole`: in 16 bit, whatever the others are."""
    across, along = shape.tiles
    hidden = -(-shape.hidden // across) * across
    inter = -(-shape.moe_inter // (along * tensor)) * along if along > 1 else shape.moe_inter / tensor
    each = DTYPES.get(shape.dtype, 2) if whole else part_bytes(shape, "experts")
    return shape.experts * shape.mlp_matrices * hidden * inter * each


def layer_bytes(shape: Shape, index: int, tensor: int) -> float:
    """Bytes of one decoder layer on one rank."""
    dtype = DTYPES.get(shape.dtype, 2)
    # attention and the two end layers stay 16 bit
    edge = shape.quant.method == "fbgemm_fp8"
    whole = edge and index in (0, shape.layers - 1)
    letter = shape.attends(index)
    attention = part_bytes(shape, "linear" if letter == "l" else "attention")
    total = attention_params(shape, tensor, letter) * (dtype if edge else attention)
    total += absorbed_bytes(shape, tensor) + 2 * shape.hidden * dtype
    if shape.qkv_bias and letter != "l":
        total += dtype * shape.head_dim * (shape.heads / tensor + 2 * max(1.0, shape.kv_heads / tensor))
    if not shape.has_experts(index):
        each = dtype if whole else part_bytes(shape, "dense")
        return total + shape.mlp_matrices * shape.hidden * shape.inter / tensor * each
    total += expert_bytes(shape, tensor, whole)
    shared = shape.shared_inter or shape.experts_shared * shape.moe_inter
    total += shape.mlp_matrices * shape.hidden * shared / tensor * part_bytes(shape, "shared")
    return total + shape.hidden * shape.experts * dtype


def allocated(size: float) -> float:
    """Bytes that PyTorch's allocator gives out for a large tensor: up to 1 MiB that is left of its block stays with it.

    Blocks from 10 MiB have whole 2 MiB (kRoundLarge), and are split where more than 1 MiB is left (kSmallSize).
    """
    if size < 10 * MIB:
        return size
    block = -(-size // (2 * MIB)) * 2 * MIB
    return block if block - size <= MIB else size


def packed_bytes(shape: Shape, part: str) -> float:
    """Bytes of one parameter in the large tensor alone: scales and zero points are tensors of their own."""
    return int(2 * part_bytes(shape, part)) / 2


def layer_slack(shape: Shape, index: int, tensor: int) -> float:
    """Bytes that the allocator adds to one layer's large matrices, as vLLM joins them.

    Queries, keys and values are one tensor, gates and what they multiply another.
    """
    if shape.mla or shape.compressed or shape.quant.method == "gguf":
        return 0.0  # many small ones, or packed by the file
    letter = shape.attends(index)
    sizes = []
    if letter != "l":
        each = packed_bytes(shape, "attention") * shape.hidden
        heads, dim, value = cached_heads(shape, letter)
        n, kv = shape.heads / tensor, max(1.0, heads / tensor)
        sizes += [each * (dim * n * (2 if shape.gate else 1) + (dim + value) * kv), each * value * n]
    count, inter, part = 1, float(shape.inter), "dense"
    if shape.has_experts(index):
        count, inter, part = shape.experts, float(shape.moe_inter), "experts"
    matrix = packed_bytes(shape, part) * shape.hidden * inter / tensor * count
    sizes += [(shape.mlp_matrices - 1) * matrix, matrix]
    return sum(allocated(size) - size for size in sizes)


def embedding_bytes(shape: Shape, tensor: int, head: bool = False) -> float:
    """Bytes of the vocabulary's matrix on one rank; the head's may be quantised."""
    rows = -(-shape.vocab // 64) * 64
    size: float = shape.quant.bits / 8 if shape.quant.method == "gguf" else DTYPES.get(shape.dtype, 2)
    return rows / tensor * shape.hidden * (part_bytes(shape, "head") if head else size)


def rotary_bytes(shape: Shape, version: Version = NEWEST) -> float:
    """Bytes of the table of rotary angles that every rank keeps.

    Qwen's models with images have one of four times the positions, for the seconds of a video (MRotaryEmbedding).
    """
    video = shape.vision and shape.model_type.startswith("qwen") and version >= VIDEO_ANGLES
    length = shape.max_len * (4 if video else 1)
    return float(length * (shape.rope_dim or shape.rotary or shape.head_dim) * (4 if shape.mla else 2))


def mtp_bytes(shape: Shape, tensor: int) -> float:
    """Bytes of one layer that predicts further tokens: a decoder layer and what joins it, without ends of its own."""
    extra = layer_bytes(shape, shape.layers, tensor)
    return extra + 2 * shape.hidden**2 * DTYPES.get(shape.dtype, 2)


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


@functools.lru_cache(maxsize=4096)
def _kinds(shape: Shape, stage: Stage) -> Dict[int, int]:
    """Layers of the stage by a stand-in: the first index of those that are built alike."""
    counts: Dict[int, int] = {}
    seen: Dict[Tuple[str, bool, bool], int] = {}
    for index in range(stage.start, stage.start + stage.layers):
        built = (shape.attends(index), shape.has_experts(index), index in (0, shape.layers - 1))
        kind = seen.setdefault(built, index)
        counts[kind] = counts.get(kind, 0) + 1
    return counts


_layer = functools.lru_cache(maxsize=8192)(layer_bytes)


@functools.lru_cache(maxsize=8192)
def stage_weights(shape: Shape, stage: Stage, tensor: int, version: Version = NEWEST) -> float:
    """Bytes of all weights of one rank of the stage, and of the table of rotary angles."""
    total = sum(_layer(shape, kind, tensor) * count for kind, count in _kinds(shape, stage).items())
    if shape.mla and (0, 7) <= version < (0, 8):
        total += stage.layers * fused_bytes(shape, tensor)
    total += rotary_bytes(shape, version)
    if stage.first or (stage.last and shape.tied):
        total += embedding_bytes(shape, tensor)
    if stage.last and not shape.tied:
        total += embedding_bytes(shape, tensor, head=True)
    if stage.first and shape.learned_positions:
        total += shape.max_len * shape.hidden * DTYPES.get(shape.dtype, 2)
    return total + shape.vision_params * part_bytes(shape, "vision") / tensor


@functools.lru_cache(maxsize=8192)
def stage_slack(shape: Shape, stage: Stage, tensor: int) -> float:
    """Bytes that the allocator adds to the weights of one rank of the stage."""
    total = sum(layer_slack(shape, kind, tensor) * count for kind, count in _kinds(shape, stage).items())
    ends = [False] * (stage.first or (stage.last and shape.tied)) + [True] * (stage.last and not shape.tied)
    for head in ends:
        size = embedding_bytes(shape, tensor, head)
        total += allocated(size) - size
    return total


def checkpoint_bytes(shape: Shape, mtp: bool = True) -> float:
    """Bytes of the checkpoint on disk: all weights once, without the absorbed copies, with the MTP layers."""
    whole = stage_weights(shape, Stage(shape.layers, True, True, 0), 1)
    whole -= absorbed_bytes(shape, 1) * shape.layers + rotary_bytes(shape)
    if shape.mtp_layers and mtp:
        extra = layer_bytes(shape, shape.layers, 1) - absorbed_bytes(shape, 1)
        whole += shape.mtp_layers * (extra + 2 * embedding_bytes(shape, 1) + 4 * shape.hidden**2)
    return whole


def cached_heads(shape: Shape, letter: str) -> Tuple[int, int, int]:
    """KV heads of a layer, and the size of a key and of a value."""
    full = letter == "f"
    heads = shape.full_kv_heads if full and shape.full_kv_heads else shape.kv_heads
    dim = shape.full_head_dim if full and shape.full_head_dim else shape.head_dim
    return heads, dim, shape.value_dim or dim


def kv_value_bytes(kv_dtype: str, dtype: str) -> int:
    """Bytes of one number in the KV cache."""
    return 1 if kv_dtype.startswith("fp8") else DTYPES.get(dtype, 2)


def kv_layer_bytes(shape: Shape, tensor: int, kv_dtype: str, version: Version = NEWEST, letter: str = "f") -> float:
    """Bytes of the KV cache for one token in one layer on one rank.

    MLA's latent is copied on every rank, never divided.
    """
    size = kv_value_bytes(kv_dtype, shape.dtype)
    if shape.compressed:  # 448 numbers in fp8, 64 in 16 bit and 8 scales, whatever is asked for
        return float(shape.head_dim - shape.rope_dim + 2 * shape.rope_dim + 8)
    if shape.mla:
        values = shape.kv_lora + shape.rope_dim
        if version < (0, 8):
            values = -(-values // 128) * 128  # entries were padded
        if shape.index_dim:
            # sparse attention's fp8 entry: the latent in 1 byte with a scale for 128, the rotated part in 16 bit
            entry = shape.kv_lora + shape.kv_lora // 32 + 2 * shape.rope_dim if size == 1 else values * size
            return float(entry + (shape.index_dim + 4) * index_share(shape))
        return float(values * size)
    heads, dim, value = cached_heads(shape, letter)
    return float(max(1, heads // tensor) * (dim + value) * size)
