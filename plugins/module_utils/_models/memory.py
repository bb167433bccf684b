# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vLLM's memory on each GPU: what start-up takes and what is left for the KV cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.cache import cache_cost
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import (
    GIB,
    Stage,
    Version,
    embedding_bytes,
    expert_bytes,
    kv_layer_bytes,
    lora_bytes,
    mtp_bytes,
    part_bytes,
    stage_slack,
    stage_weights,
    stages,
)

# First version in which the sampler no longer sorts all logits (Triton's top-k/top-p, vLLM #33538, February 2026;
# then FlashInfer by default again, #40376). Before, FlashInfer was off by default from 0.11.1 (#26859), and up to
# 0.11.0 used only where it was installed, which a plan can't know.
SMALL_SAMPLER: Version = (0, 17)
# VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS is on in 0.20.0 (envs.py); its log says "default since v0.21.0".
GRAPHS_INSIDE: Version = (0, 20)
OVERLAPPED: Version = (0, 26)  # a batch is scheduled while another runs; windows keep the blocks of both
MULTIMODAL_CACHED: Version = (0, 9)  # V0 profiled images with few sequences
MOST_CAPTURES = 51
CHUNKED = 32768  # V0 cut prompts into chunks from this context on, and only then reserved room for their cached part
IMAGE_TOKENS = 16384  # of the largest image of Qwen's models, four patches each
# 0.11 and 0.12 count each token of Qwen3-VL's video 12.5 times, and profile with rows for all (qwen3_vl.py).
VIDEO_TOKENS = 153600
VIDEO_SINCE: Version = (0, 11)
VIDEO_UNTIL: Version = (0, 13)
# Sparse attention's indexer reserves both while vLLM profiles (sparse_attn_indexer.py, indexer.py): logits of one chunk
# (VLLM_SPARSE_INDEXER_MAX_LOGITS_MB = 512), and room to gather the index of 40 requests of the longest context.
INDEXER_GIB = 0.5
INDEXER_REQUESTS = 40
# DeepSeek-V4: streams of the hidden state (hc_mult), with a copy kept for a draft; its index has an entry for 4 tokens.
STREAMS = 4


@dataclass(frozen=True)
class Terms:
    """The fitted constants (docs/planner.md has the starts behind each; tests/sizing/fit.py measures them again).

    GiB on one card, unless a name says otherwise.
    """

    # Native top-k/top-p sorts fp32 logits with their indices: 15 starts of 0.7 to 0.11, 37.6 to 39.5 bytes a logit.
    sampler_native: float = 39.0
    sampler_small: float = 12.0  # bytes a logit: an upper bound of three starts (7.4 to 12)
    # NCCL's buffers and the driver's context, by tensor-parallel size over NVLink.
    small_card: float = 0.05  # on one card with fewer multiprocessors: 12 starts on 7.8 to 24 GiB, 0.02 to 0.10
    links: Tuple[Tuple[int, float], ...] = ((1, 0.12), (2, 0.55), (4, 0.95), (8, 1.8))
    recent: float = 0.1  # more since 0.21: 0.22 on eight starts of 0.26, where 0.11 has 0.12
    without_link: float = 0.22  # PCIe without NVLink, at any size: 0.20 (16 x 3090), 0.21 (8 x L40S)
    two_nodes: float = 4.5  # 16 ranks (two logs)
    old_eight: float = 7.2  # before 0.8 at TP 8 on cards of over 100 GiB (two logs, both H200)
    before_0_7: float = 0.28  # the context was counted, too: 0.28 to 0.35 in three logs of small cards
    # CUDA graphs: buffers as wide as the hidden state are captured with each layer (GiB a layer and number of it).
    # Dense, of all sizes up to 512: with the next, within 0.2 of 8 of 12 starts (0.17 to 1.15 GiB).
    graphs_base: float = 0.5
    graphs_dense: float = 2e-6
    # Experts' do not shrink with the sizes: 4.77 estimated for GLM-5.1 at 64 requests, 4.99 for GLM-5.2 at 1024.
    graphs_moe: float = 1e-5  # 7 starts of R1, GLM-5, Qwen3-235B, gpt-oss: 0.56 to 1.04e-5; Qwen3-Next 2.4e-5
    vision: float = 0.3  # the profile run's images: 0.1 to 2.4 in six starts, so margin_gib keeps more back
    vision_v0: float = 0.14  # V0 spread a batch over its images: Qwen2-VL and 2.5-VL, 0.13, 0.14 and 0.22


TERMS = Terms()
LARGE_CARD = 100.0
SMALL_CARD = 30.0


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
    drafted: int = 0  # tokens that the model's own MTP layer proposes
    context_ranks: int = 1  # ranks that share a cache (decode context parallel)
    joined: int = 1  # replicas that have the experts together (attention by data)
    whole_experts: bool = False  # each card has whole ones
    v1: bool = True  # vLLM's second engine, the only one since 0.9
    graphs_counted: bool = True  # its estimate of CUDA graphs is not switched off


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
    request_bytes: float = 0.0  # what a request takes whatever its length, from `growing` tokens on
    growing: int = 0
    length: int = 0  # of the longest request
    context_ranks: int = 1

    def tokens(self, block: int = 16, margin: float = 0.0, length: int = 0) -> int:
        """Tokens that the KV cache holds after `margin` GiB, in whole blocks.

        Where a request takes room whatever its length, they are those of requests of `length` tokens.
        """
        left = max(0.0, (self.kv - margin) * GIB)
        if self.request_bytes:
            longest = length or self.length or 1
            return int(left / (longest * self.kv_token_bytes + self.own_bytes(longest)) * longest) * self.context_ranks
        return int(left // (self.kv_token_bytes * block)) * block * self.context_ranks

    def own_bytes(self, length: int) -> float:
        """What a request of this length takes besides its tokens: windows hold no more than there is."""
        return self.request_bytes * min(1.0, length / self.growing if self.growing else 1.0)

    def need_gib(self, requests: int, length: int) -> float:
        """GiB of the cache on one rank for so many requests of this length."""
        return requests * (length * self.kv_token_bytes / self.context_ranks + self.own_bytes(length)) / GIB


def margin_gib(total_gib: float, shape: Optional[Shape] = None) -> float:
    """GiB that a plan keeps back; with it, nearly every published start had the cache that is promised.

    Images, layers of several kinds and compressed caches each have a margin of their own: less is known of them.
    """
    own = 0.0
    if shape is not None:
        own += 0.03 * total_gib if shape.vision else 0.0
        own += 0.01 * total_gib if shape.mixed else 0.0
        own += 0.04 * total_gib if shape.compressed else 0.0
        own += 0.03 * total_gib if not shape.known else 0.0
    return 0.3 + 0.02 * total_gib + own


def activation_bytes(shape: Shape, run: Run, terms: Terms = TERMS) -> float:
    """Bytes of the larger peak of the forward pass and of the sampler, as vLLM's own profile run meets them."""
    tokens = run.max_batched
    sample = 0.0
    if not run.pooling and not (shape.vision and run.version < MULTIMODAL_CACHED and not run.v1):
        each = terms.sampler_small if run.version >= SMALL_SAMPLER else terms.sampler_native
        sample = each * min(run.max_seqs, tokens) * shape.vocab
    kept, encoder = encoder_bytes(shape, run)
    kept += stream_bytes(shape, tokens)
    need = max(forward_bytes(shape, run, tokens) + kept, sample + kept)
    if run.version >= GRAPHS_INSIDE and not run.eager:
        # six starts of 0.26 on an H200: never below the output matrix and two hidden states, unless eager
        need = max(need, embedding_bytes(shape, run.tensor, head=True) + 4.0 * tokens * shape.hidden + kept)
    need = max(need, encoder)
    if shape.index_dim:
        length = run.max_len / 4 if shape.compressed else run.max_len
        need += INDEXER_GIB * GIB + INDEXER_REQUESTS * length * (shape.index_dim + 4.0)
    if not shape.vision or encoder:
        return need
    return need + (terms.vision if run.v1 else terms.vision_v0) * GIB


def encoder_bytes(shape: Shape, run: Run) -> Tuple[float, float]:
    """Bytes that the profile run's largest images leave behind, and those at their encoder's peak.

    As many as the batch has room for, and the requests ask for. A patch: its pixels, three rows of the encoder's
    width, and its inner rows before and after their activation.
    """
    if not shape.encoder_width or not run.v1:
        return 0.0, 0.0
    images = max(1, min(run.max_batched // IMAGE_TOKENS, run.max_seqs * max(1, run.max_len // IMAGE_TOKENS)))
    rows = images * IMAGE_TOKENS
    if shape.encoder_taps and VIDEO_SINCE <= run.version < VIDEO_UNTIL:
        rows = VIDEO_TOKENS
    live = 1536 + 3 * shape.encoder_width + 2 * shape.encoder_inter / run.tensor
    return 2.0 * rows * shape.hidden * (1 + shape.encoder_taps), 2.0 * 4 * images * IMAGE_TOKENS * live


def forward_bytes(shape: Shape, run: Run, tokens: int) -> float:
    """Bytes at the peak of one forward pass over `tokens`, on one rank."""
    if shape.moe:
        gathered = tokens * run.joined  # each replica's experts compute for all of them
        parts = 1 if run.joined > 1 and run.whole_experts else run.tensor * run.joined
        need = (
            2.0
            * min(gathered, 32768)
            * (3 * shape.experts_used * shape.moe_inter / parts + shape.experts_used * shape.hidden)
            + 6.0 * gathered * shape.hidden
        )
    else:
        need = 2.0 * tokens * (3 * shape.inter / run.tensor + (5 if run.tensor > 1 else 3) * shape.hidden)
    if shape.mla and (run.v1 or (run.version >= (0, 8) and run.max_len > CHUNKED)):
        prefill = min(8 * run.max_len, 65536)
        need += 2.0 * prefill * shape.heads / run.tensor * (shape.nope_dim + shape.v_dim)
    return need + stream_bytes(shape, tokens)


def stream_bytes(shape: Shape, tokens: int) -> float:
    return 2.0 * STREAMS * tokens * shape.hidden if shape.compressed else 0.0


def non_torch_gib(run: Run, terms: Terms = TERMS) -> float:
    """GiB that NCCL and the driver take on each card, by measured starts."""
    links, cards = dict(terms.links), run.tensor * run.joined
    if cards == 1:
        base = links[1] if run.total_gib > SMALL_CARD else terms.small_card
    elif run.consumer:
        base = terms.without_link
    elif run.ranks_a_node and run.tensor * run.pipeline > run.ranks_a_node:
        base = terms.two_nodes
    elif cards >= 8 and run.version < (0, 8) and run.total_gib > LARGE_CARD:
        return terms.old_eight
    else:
        base = links[max(size for size in links if size <= cards)]
    base += terms.before_0_7 if run.version < (0, 7) else 0.0
    return base + (terms.recent if run.version >= GRAPHS_INSIDE else 0.0)


def captures(run: Run) -> int:
    """Sizes of batches whose graphs vLLM captures: 1, 2, 4, each eighth below 256, each sixteenth up to the largest."""
    largest = min(run.max_seqs * (1 + run.drafted) * 2, 512, run.max_batched)
    small = sum(size <= largest for size in (1, 2, 4)) + min(largest, 255) // 8
    return small + max(0, (largest - 256) // 16 + 1)


def graph_gib(shape: Shape, run: Run, terms: Terms = TERMS) -> Tuple[float, float]:
    """GiB of CUDA graphs inside the budget, and outside of it (before vLLM 0.21)."""
    if run.eager:
        return 0.0, 0.0
    size = shape.layers * shape.hidden
    estimate = terms.graphs_moe * size
    if not shape.moe:
        estimate = (terms.graphs_base + terms.graphs_dense * size) * captures(run) / MOST_CAPTURES
    inside = run.version >= GRAPHS_INSIDE and run.graphs_counted
    return (estimate, 0.0) if inside else (0.0, estimate)


def in_flight(run: Run) -> int:
    """Tokens that are scheduled and not settled: a batch for each step at once (vLLM's max_in_flight_tokens)."""
    steps = run.pipeline + 1 if run.version >= OVERLAPPED else 1
    return min(steps * run.max_batched, run.max_len)


def elsewhere(shape: Shape, stage: Stage, run: Run) -> float:
    """Bytes of experts that the other replicas have; less what shared ones take that are then not divided."""
    if run.joined == 1:
        return 0.0
    layers = sum(shape.has_experts(index) for index in range(stage.start, stage.start + stage.layers))
    each = expert_bytes(shape, run.tensor) * (1 - 1 / run.joined)
    if run.whole_experts:  # vLLM's use_sequence_parallel_moe: whole on every card
        shared = shape.shared_inter or shape.experts_shared * shape.moe_inter
        whole = shape.mlp_matrices * shape.hidden * shared * part_bytes(shape, "shared")
        each -= whole * (1 - 1 / run.tensor)
    return layers * each


def stage_memories(shape: Shape, run: Run, terms: Terms = TERMS) -> List[Memory]:
    """Memory of one rank, for each pipeline stage."""
    inside, outside = graph_gib(shape, run, terms)
    activation = activation_bytes(shape, run, terms) / GIB
    other = non_torch_gib(run, terms)
    budget = run.total_gib * run.utilization
    growing = in_flight(run) + shape.window if shape.window else 0
    lora = lora_bytes(shape, run.tensor, run.lora_rank) / run.pipeline
    found = []
    for index, stage in enumerate(stages(shape.layers, run.pipeline)):
        weights = stage_weights(shape, stage, run.tensor, run.version) + stage_slack(shape, stage, run.tensor)
        weights = (weights + lora - elsewhere(shape, stage, run)) / GIB
        cost = cache_cost(shape, stage, run.tensor, run.kv_dtype, run.version, in_flight(run), run.drafted)
        token = cost.token
        if run.drafted and stage.last:
            weights += mtp_bytes(shape, run.tensor) / GIB
            token += kv_layer_bytes(shape, run.tensor, run.kv_dtype, run.version)
        kv = budget - weights - activation - inside - other
        found.append(Memory(budget, weights, activation, inside, outside, other, kv, token, index,
                            cost.request, growing, run.max_len, run.context_ranks))  # fmt: skip
    return found


def predict(shape: Shape, run: Run, terms: Terms = TERMS) -> Memory:
    """The stage that holds the fewest tokens; it decides for all."""
    length = max(1, run.max_len)
    return min(stage_memories(shape, run, terms), key=lambda memory: memory.kv / memory.need_gib(1, length))
