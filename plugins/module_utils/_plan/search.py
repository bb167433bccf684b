# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every layout that the model and the cards allow, and the best of those that satisfy the wish."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.memory import Memory, Run, margin_gib, predict
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import GIB, Stage, stage_weights

MAX_SPAN = 16  # nodes that one replica may span; more is never better than replicas
MAX_PIPELINE = 8  # deeper ones answer too slowly to be offered
BATCHES = (8192, 4096, 2048)  # prefill batches to try, the quickest first
LENGTH_STEP = 1024
UNSEEN = 0.02  # of the card, kept back for attention by data and for speculation: no start of them was seen here


@dataclass(frozen=True)
class Problem:
    """A wish on cards of one kind; frozen, so that alternatives are copies with one field changed."""

    shape: Shape
    version: Tuple[int, ...]
    nodes: int
    gpus: int  # a node
    total_gib: float
    consumer: bool
    utilization: float
    context: int
    concurrency: int
    request_tokens: int
    kv_dtype: str = "auto"
    eager: bool = False
    max_pipeline: int = MAX_PIPELINE  # what the engine knows
    replicas: bool = True
    spread: bool = True  # replicas on several nodes
    span: bool = True  # one replica over several nodes
    experts: bool = False  # whole experts on each card (expert parallel) are possible
    contexts: bool = False  # ranks may share one cache (decode context parallel)
    joins: str = ""  # replicas with the experts spread over all (attention by data): never, `also`, or `always`
    drafted: int = 0  # tokens that the model's own MTP layer proposes
    correction_gib: float = 0.0  # checkpoint bytes that the shape does not explain
    kv_factor: float = 1.0  # from calibration: measured KV / planned KV
    short_gib: float = 0.0  # cache that a card of an earlier start lacked (_plan/heal.py)
    pinned: Optional[Layout] = None  # the only layout to look at: that start's


@dataclass(frozen=True)
class Layout:
    """How a model is divided: into `tensor` x `pipeline` ranks, and `data` replicas of them."""

    tensor: int
    pipeline: int
    data: int
    span: int  # nodes one replica spans
    context: int = 1  # ranks that share one cache, where else each would have a copy
    expert: bool = False  # each card has whole experts instead of a part of each
    joined: bool = False  # replicas have requests and a cache of their own, and the experts together

    @property
    def ranks(self) -> int:
        """Cards of one replica."""
        return self.tensor * self.pipeline

    @property
    def used(self) -> int:
        """Cards of all replicas."""
        return self.ranks * self.data

    def name(self) -> str:
        """For people."""
        name = f"TP {self.tensor} × PP {self.pipeline} × DP {self.data}"
        name += f", DCP {self.context}" if self.context > 1 else ""
        return name + (", EP" if self.expert else "") + (", DPA" if self.joined else "")

    def part(self, drafted: int = 0) -> Dict[str, int]:
        """The layout as the plan has it; what is not usual is named only where it is used."""
        found = {"tensor": self.tensor, "pipeline": self.pipeline, "data": self.data}
        cards = self.tensor * (self.data if self.joined else 1)
        for name, value, used in (
            ("context", self.context, self.context > 1), ("expert", cards, self.expert), ("joined", cards, self.joined),
            ("drafted", drafted, drafted > 0),
        ):  # fmt: skip
            found.update({name: value} if used else {})
        return found


@dataclass(frozen=True)
class Candidate:
    """A layout, sized."""

    layout: Layout
    batched: int
    seqs: int
    memory: Memory
    tokens: int  # a replica holds, after the margin
    requests: int  # of the usual size that a replica holds
    fits: bool
    short_gib: float  # what a card lacks


def tensor_sizes(shape: Shape, gpus: int, experts: bool = False) -> List[int]:
    """Tensor-parallel sizes that the heads, the inner size and the quantisation's blocks allow."""
    return [size for size in range(1, gpus + 1) if tensor_fault(shape, size, experts) is None]


def tensor_fault(shape: Shape, size: int, experts: bool = False) -> Optional[str]:
    """What can't be divided by a tensor-parallel size; None where all can. `experts`: each card has whole ones."""
    if shape.heads % size:
        return f"{shape.heads} attention heads"
    if not shape.mla and max(shape.kv_heads, size) % min(shape.kv_heads, size):
        return f"{shape.kv_heads} KV heads"
    inners = [shape.inter] if not shape.moe or shape.dense_first else []
    if shape.moe and experts and shape.experts % size == 0:
        inners += [shape.shared_inter or shape.experts_shared * shape.moe_inter]
    elif shape.moe:
        inners += [shape.moe_inter]
    block = shape.quant.block or (shape.quant.group if shape.quant.method in ("awq", "gptq") else 0)
    for inner in inners:
        if inner % size or (block and (inner // size) % block):
            return f"blocks of {block or 1} in {inner}"
    return None


def joined(shape: Shape, tensor: int, data: int) -> Optional[bool]:
    """How experts are spread over the cards of all replicas: whole ones, or parts (False); None where neither goes."""
    cards = tensor * data
    if shape.experts % tensor or tensor_fault(shape, tensor, True) is not None:
        return None
    if shape.experts % cards == 0:
        return True
    block = shape.quant.block or (shape.quant.group if shape.quant.method in ("awq", "gptq") else 0)
    return None if shape.moe_inter % cards or (block and shape.moe_inter // cards % block) else False


def layouts(problem: Problem) -> Iterator[Layout]:
    """Every possible layout: on one node with replicas, then one replica over several nodes."""
    pinned = problem.pinned
    if pinned:
        cards = pinned.used if pinned.joined else pinned.ranks
        if pinned.span <= problem.nodes and -(-cards // pinned.span) <= problem.gpus:
            yield pinned
        return
    shape = problem.shape
    sizes = {size: tensor_fault(shape, size) is not None for size in tensor_sizes(shape, problem.gpus, problem.experts)}
    deepest = min(MAX_PIPELINE, problem.max_pipeline, shape.layers)
    apart = problem.replicas and problem.joins != "always"
    copies = problem.nodes if problem.spread and apart else 1
    for tensor, expert in sizes.items():
        for pipeline in range(1, min(deepest, problem.gpus // tensor) + 1):
            data = problem.gpus // (tensor * pipeline) * copies if apart else 1
            yield Layout(tensor, pipeline, data, 1, 1, expert)
            for context in (2, 4, 8) if problem.contexts and pipeline == 1 else ():
                if tensor % context == 0:
                    yield Layout(tensor, pipeline, data, 1, context, expert)
    for tensor in range(1, problem.gpus // 2 + 1) if problem.joins and shape.moe and problem.nodes == 1 else ():
        for data in range(2, problem.gpus // tensor + 1):
            whole = joined(shape, tensor, data)
            if whole is not None:
                yield Layout(tensor, 1, data, 1, 1, whole, True)
    for span in range(2, min(problem.nodes, MAX_SPAN) + 1 if problem.span else 2):
        for tensor, expert in sizes.items():
            for each in range(1, problem.gpus // tensor + 1):
                if each * span <= deepest:
                    yield Layout(tensor, each * span, 1, span, 1, expert)


def run_of(problem: Problem, layout: Layout, seqs: int, batched: int) -> Run:
    """The layout as the memory model takes it."""
    return Run(
        version=problem.version, tensor=layout.tensor, pipeline=layout.pipeline, total_gib=problem.total_gib,
        utilization=problem.utilization, max_len=problem.context, max_seqs=seqs, max_batched=batched,
        kv_dtype=problem.kv_dtype, eager=problem.eager, consumer=problem.consumer,
        ranks_a_node=layout.ranks // layout.span, context_ranks=layout.context, drafted=problem.drafted,
        joined=layout.data if layout.joined else 1, whole_experts=layout.expert,
    )  # fmt: skip


@functools.lru_cache(maxsize=4096)
def evaluate(problem: Problem, layout: Layout, batched: int) -> Candidate:
    """Sizes a layout with one size of prefill batches."""
    seqs = -(-problem.concurrency // layout.data)
    memory = predict(problem.shape, run_of(problem, layout, seqs, batched))
    margin = margin_gib(problem.total_gib, problem.shape) + problem.correction_gib / layout.ranks
    margin += UNSEEN * problem.total_gib if layout.joined or problem.drafted else 0.0
    margin += max(0.0, memory.kv) * (1 - min(1.0, problem.kv_factor))
    margin = max(margin, problem.short_gib)
    tokens = memory.tokens(margin=margin)
    # before 0.21 graphs lie outside the budget and must find room there
    room = problem.total_gib - memory.budget >= memory.graphs_outside
    requests = memory.tokens(margin=margin, length=problem.request_tokens) // problem.request_tokens
    fits = tokens >= problem.context and requests >= seqs
    if not memory.request_bytes:
        fits = tokens >= max(problem.context, seqs * problem.request_tokens)
    need = max(memory.need_gib(1, problem.context), memory.need_gib(seqs, problem.request_tokens))
    return Candidate(layout, batched, seqs, memory, tokens, requests, room and fits, need + margin - memory.kv)


def search(problem: Problem) -> List[Candidate]:
    """Each layout with its best batch, the best layout first; those that do not fit come last."""
    found = []
    for layout in layouts(problem):
        smallest = evaluate(problem, layout, BATCHES[-1])  # leaves the most room: where it does not fit, none does
        larger = (evaluate(problem, layout, batched) for batched in BATCHES[:-1] if smallest.fits)
        found.append(next((attempt for attempt in larger if attempt.fits), smallest))
    return sorted(found, key=preference)


def preference(candidate: Candidate) -> Tuple[bool, int, int, int, bool, int, int, int]:
    """A sort key: fits; all cards used; few pipeline stages, and a shared cache instead of a third; no whole experts
    unless they save stages; few replicas; few nodes for a replica; the most cache."""
    layout = candidate.layout
    depth = layout.pipeline + (layout.context > 1)
    if not candidate.fits:  # nearest to fitting first
        short = round(candidate.short_gib * 1000)
        return (True, short, depth, layout.context, layout.expert, layout.data, layout.span, 0)
    return (False, -layout.used, depth, layout.context, layout.expert, layout.data, layout.span,
            -candidate.tokens)  # fmt: skip


def roomy(problem: Problem) -> List[Layout]:
    """The layouts whose cards can hold their share of the weights at all, those of the most cards first."""
    weights = stage_weights(problem.shape, Stage(problem.shape.layers, True, True, 0), 1, problem.version) / GIB
    weights += min(0.0, problem.correction_gib)
    room = problem.total_gib * problem.utilization
    held = [(layout.used if layout.joined else layout.ranks, layout) for layout in layouts(problem)]
    return [layout for cards, layout in sorted(held, key=lambda one: -one[0]) if weights <= room * cards]


def fits(problem: Problem) -> bool:
    """Whether any layout satisfies the wish."""
    return any(evaluate(problem, layout, BATCHES[-1]).fits for layout in roomy(problem))


def longest_context(problem: Problem) -> int:
    """Tokens of the longest single request that any layout holds, at the wish's concurrency."""
    longest = 0
    for layout in roomy(problem):
        tokens = evaluate(problem, layout, BATCHES[-1]).tokens
        longest = max(longest, tokens)
    return min(problem.shape.max_len, longest // LENGTH_STEP * LENGTH_STEP)


def most_requests(problem: Problem) -> int:
    """How many requests of the wish's usual size any layout holds at once."""
    return max(
        [evaluate(problem, layout, BATCHES[-1]).requests * layout.data
         for layout in roomy(problem)] or [0]
    )  # fmt: skip
