# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vLLM's memory on each GPU: what start-up takes and what is left for the KV cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import (
    GIB,
    Version,
    kv_layer_bytes,
    lora_bytes,
    stage_weights,
    stages,
)

# GiB on each card by tensor-parallel size, fitted to published start-up logs (docs/planner.md).
NON_TORCH = {1: 0.12, 2: 0.5, 4: 0.8, 8: 1.8}
CONSUMER_NON_TORCH = 0.25
TWO_NODES_NON_TORCH = 4.5
OLD_EIGHT_NON_TORCH = 7.2  # before 0.8 at TP 8 on cards of over 100 GiB (two logs, both H200)
LARGE_CARD = 100.0


@dataclass(frozen=True)
class Run:
    """How the engine is started, and on which GPU.

    `version` is vLLM's; `consumer`: a PCIe card without peer-to-peer.
    """

    version: Version
    tensor: int
    pipeline: int
    total_gib: float
    utilization: float
    max_len: int
    max_seqs: int
    max_batched: int
    kv_dtype: str = "auto"
    eager: bool = False
    consumer: bool = False
    ranks_a_node: Optional[int] = None
    pooling: bool = False
    lora_rank: int = 0


@dataclass(frozen=True)
class Memory:
    """GiB on the fullest rank of a pipeline stage, and bytes that one token takes there."""

    budget: float
    weights: float
    activation: float
    graphs: float
    graphs_outside: float
    non_torch: float
    kv: float
    kv_token_bytes: float
    stage: int

    def tokens(self, block: int = 16, margin: float = 0.0) -> int:
        """Tokens that the KV cache holds after `margin` GiB, in whole blocks."""
        left = (self.kv - margin) * GIB
        return max(0, int(left // (self.kv_token_bytes * block)) * block)


def margin_gib(total_gib: float) -> float:
    """GiB that a plan keeps back; with it, nearly every published start had the cache that is promised."""
    return 0.3 + 0.02 * total_gib


def activation_bytes(shape: Shape, run: Run) -> float:
    """Bytes of the larger peak of the forward pass and of the sampler, as vLLM's own profile run meets them."""
    tokens = run.max_batched
    sample = 0.0
    if not run.pooling:
        each = 39 if run.version <= (0, 11, 0) else 12
        sample = float(each * min(run.max_seqs, tokens) * shape.vocab)
    return max(forward_bytes(shape, run, tokens), sample)


def forward_bytes(shape: Shape, run: Run, tokens: int) -> float:
    """Bytes at the peak of one forward pass over `tokens`, on one rank."""
    if shape.moe:
        need = (
            2.0
            * min(tokens, 32768)
            * (3 * shape.experts_used * shape.moe_inter / run.tensor + shape.experts_used * shape.hidden)
            + 6.0 * tokens * shape.hidden
        )
    else:
        need = 2.0 * tokens * (3 * shape.inter / run.tensor + (5 if run.tensor > 1 else 3) * shape.hidden)
    if shape.mla:
        prefill = min(8 * run.max_len, 65536)
        need += 2.0 * prefill * shape.heads / run.tensor * (shape.nope_dim + shape.v_dim)
    return need


def non_torch_gib(run: Run) -> float:
    """GiB that NCCL and the driver take on each card, by measured starts."""
    if run.tensor == 1:
        base = NON_TORCH[1]
    elif run.consumer:
        base = CONSUMER_NON_TORCH
    elif run.ranks_a_node and run.tensor * run.pipeline > run.ranks_a_node:
        base = TWO_NODES_NON_TORCH
    elif run.tensor >= 8 and run.version < (0, 8) and run.total_gib > LARGE_CARD:
        return OLD_EIGHT_NON_TORCH
    else:
        base = NON_TORCH[max(size for size in NON_TORCH if size <= run.tensor)]
    return base + (0.35 if run.version < (0, 7) else 0.0)


def graph_gib(shape: Shape, run: Run) -> Tuple[float, float]:
    """GiB of CUDA graphs inside the budget, and outside of it (before vLLM 0.21)."""
    if run.eager:
        return 0.0, 0.0
    estimate = 0.5 + 0.014 * shape.layers
    return (estimate, 0.0) if run.version >= (0, 21) else (0.0, estimate)


def stage_memories(shape: Shape, run: Run) -> List[Memory]:
    """Memory of one rank, for each pipeline stage."""
    inside, outside = graph_gib(shape, run)
    activation = activation_bytes(shape, run) / GIB
    other = non_torch_gib(run)
    budget = run.total_gib * run.utilization
    lora = lora_bytes(shape, run.tensor, run.lora_rank) / run.pipeline
    found = []
    for index, stage in enumerate(stages(shape.layers, run.pipeline)):
        weights = (stage_weights(shape, stage, run.tensor, run.version) + lora) / GIB
        kv = budget - weights - activation - inside - other
        token = kv_layer_bytes(shape, run.tensor, run.kv_dtype, run.version) * stage.layers
        found.append(Memory(budget, weights, activation, inside, outside, other, kv, token, index))
    return found


def predict(shape: Shape, run: Run) -> Memory:
    """The stage that holds the fewest tokens; it decides for all."""
    return min(stage_memories(shape, run), key=lambda memory: memory.kv / memory.kv_token_bytes)
