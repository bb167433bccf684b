# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one request keeps in the KV cache of one rank, where layers differ: a part a token, and a part for itself.

vLLM gives layers of one kind to groups of equal size and all groups the same page, so the rarest kind sets the size of
a group and of a page (as its KV cache manager does it).
"""

from __future__ import annotations

import functools
from typing import Dict, NamedTuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import DTYPES, Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import (
    Stage,
    Version,
    kv_layer_bytes,
)

HYBRID_SINCE: Version = (0, 10, 0)  # before, windows were cached as if they had none
REUSED_STATES = 2  # blocks of a linear layer for one request, as prefix caching keeps the last state too
REUSED_SINCE: Version = (0, 12, 0)
BLOCK = 16


class Cost(NamedTuple):
    """Bytes on one rank: for each token of a request, and for each request."""

    token: float
    request: float


def state_bytes(shape: Shape, tensor: int) -> float:
    """Bytes of one linear layer's state: the last inputs of its convolution, and a matrix for each head."""
    line = shape.linear
    if line is None:
        return 0.0
    inputs = (2 * line.key_heads * line.key_dim + line.value_heads * line.value_dim) / tensor * (line.kernel - 1)
    matrix = line.value_heads / tensor * line.key_dim * line.value_dim
    return inputs * DTYPES.get(shape.dtype, 2) + matrix * line.state_bytes


def cache_cost(
    shape: Shape, stage: Stage, tensor: int, kv_dtype: str, version: Version, flight: int, drafted: int = 0
) -> Cost:
    """What a request costs on one rank of the stage.

    `flight`: tokens whose blocks are not free yet; `drafted`: tokens that speculation proposes.
    """
    if not shape.pattern:
        return Cost(kv_layer_bytes(shape, tensor, kv_dtype, version) * stage.layers, 0.0)
    return _mixed(shape, stage, tensor, kv_dtype, version, flight, drafted)


@functools.lru_cache(maxsize=4096)
def _mixed(shape: Shape, stage: Stage, tensor: int, kv_dtype: str, version: Version, flight: int, drafted: int) -> Cost:
    letters = [shape.attends(index) for index in range(stage.start, stage.start + stage.layers)]
    counts: Dict[str, int] = {letter: letters.count(letter) for letter in dict.fromkeys(letters)}
    each = {letter: kv_layer_bytes(shape, tensor, kv_dtype, version, letter) for letter in counts}
    if shape.compressed:
        return _compressed(shape, counts, flight)
    if set(counts) <= {"f"} or (version < HYBRID_SINCE and "l" not in counts):
        return Cost(sum(each[letter] * counts[letter] for letter in counts), 0.0)
    group = min(counts.values())
    if max(counts.values()) < 1.25 * group:
        group = max(counts.values())
    padded = {letter: -(-count // group) * group for letter, count in counts.items()}
    token = padded.get("f", 0) * each.get("f", 0.0)
    request = 0.0
    page = max([size * BLOCK for letter, size in each.items() if letter != "l"] or [0.0])
    if "l" in counts:
        tokens = -(-state_bytes(shape, tensor) // (each.get("f", 1.0) * BLOCK)) * BLOCK
        page = max(page, tokens * each.get("f", 1.0))
        states = drafted + (REUSED_STATES if version >= REUSED_SINCE else 1)
        request += padded["l"] * page * states + padded.get("f", 0) * page / 2  # a last block is half full
    if "s" in counts:
        request += padded["s"] * each["s"] * (shape.window - 1 + flight + BLOCK)
    return Cost(token, request)


def _compressed(shape: Shape, counts: Dict[str, int], flight: int) -> Cost:
    """DeepSeek-V4: an entry for 4 tokens with an index, or for 128; windows, and states that compress, in small blocks.

    All share the pages of one tuple of layers, so a block of 4 tokens takes as much as one of 256, and what a batch may
    have in flight weighs more than the context. Measured by three logs (docs/planner.md).
    """
    entry = shape.head_dim + shape.rope_dim + 8
    pages = {"c": _aligned(64 * entry) + _aligned(64 * (shape.index_dim + 4)), "h": _aligned(2 * entry)}
    layers = sum(counts.values())
    full = max(counts.get("c", 0), counts.get("h", 0)) or layers
    kinds = [layers, *(counts[letter] for letter in pages if letter in counts)]
    wide = min(range(full, max(kinds) + 1), key=lambda width: (sum(-count % width for count in kinds), -width))
    rows = -(-layers // wide) * (-(-(shape.window - 1 + flight) // 64) + 1)
    rows += (-(-(7 + flight) // 4) + 1) * ("c" in counts) + (-(-(127 + flight) // 8) + 1) * ("h" in counts)
    row = wide * float(sum(pages[letter] for letter in pages if letter in counts) or _aligned(64 * entry))
    return Cost(row / 256, rows * row)


def _aligned(size: int) -> int:
    return -(-size // 576) * 576
