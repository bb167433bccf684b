# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast an engine answers, by a roofline.

A step reads the weights it touches and the cache of its requests, and computes; the slower of both counts. Added to it
are what cards tell each other, and what an engine does whatever the size. Shares of what a card could do are measured.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import List, NamedTuple, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.cache import state_bytes
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.quant import Quant
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import (
    Stage,
    absorbed_bytes,
    attention_params,
    embedding_bytes,
    kv_layer_bytes,
    layer_bytes,
    part_bytes,
    stages,
)

SPARSE_TOKENS = 2048  # of the context that sparse attention reads (DeepSeek-V3.2, GLM-5: index_topk)
HALF = 2  # bytes of a number between layers
PACKED = ("awq", "gptq", "gguf", "bitsandbytes", "mxfp4")  # unpacked while they are read


@dataclass(frozen=True)
class Card:
    """What a card can do, in bytes and operations a second, and the shares of it that were measured.

    `link` is what it sends to its neighbours; `latency`, seconds of one exchange between two of them.
    """

    bandwidth: float
    flops: float
    flops8: float
    flops4: float
    flops_int8: float
    link: float
    latency: float
    memory_share: float
    compute_share: float
    link_share: float = 0.6
    node_link: float = 3e9  # between nodes
    node_latency: float = 50e-6


@dataclass(frozen=True)
class Habits:
    """Seconds that an engine needs whatever the size: a step, a layer, its experts, its index, a request of the batch.

    `launch` is a layer's where no recorded graph is replayed: prompts, and steps of an eager engine. Shares, against
    plain layers: `packed`, how fast it reads weights of 4 bits and the like; `grouped`, how fast it computes experts.
    """

    step: float
    layer: float
    launch: float
    experts: float
    request: float
    index: float = 0.0
    packed: float = 1.0
    grouped: float = 1.0


@dataclass(frozen=True)
class Load:
    """A model as an engine runs it."""

    shape: Shape
    tensor: int
    pipeline: int
    data: int
    kv_dtype: str = "auto"
    batched: int = 8192
    spans: bool = False  # the stages lie on several nodes
    context: int = 1  # ranks that share one cache
    whole: bool = False  # whole experts on each card, whose work is never quite even
    joined: bool = False  # replicas have the experts together
    drafted: float = 0.0  # tokens that the MTP layer proposes for each step, and the share that is accepted
    accepted: float = 0.0

    @property
    def shared(self) -> int:
        """Replicas whose tokens the experts of one replica's cards see."""
        return self.data if self.joined else 1


class Speed(NamedTuple):
    """Of all replicas together, at one number of requests. Seconds and tokens a second."""

    first_token: float
    each: float
    total: float
    requests: float
    step: float


class Part(NamedTuple):
    """One rank of a pipeline stage: bytes of weights, and operations for a token."""

    layers: int
    expert_layers: int
    steady: float  # bytes that each step reads
    experts: float  # bytes of all routed experts
    head: float  # bytes of the output matrix
    flops: float  # operations of a token in linear layers
    head_flops: float
    letters: Tuple[Tuple[str, int], ...]


@functools.lru_cache(maxsize=1024)
def parts_of(shape: Shape, tensor: int, pipeline: int) -> Tuple[Part, ...]:
    """Each pipeline stage."""
    return tuple(_part(shape, stage, tensor) for stage in stages(shape.layers, pipeline))


def _part(shape: Shape, stage: Stage, tensor: int) -> Part:
    steady = experts = flops = 0.0
    expert_layers = 0
    each = shape.mlp_matrices * shape.hidden * shape.moe_inter / tensor
    kinds: List[Tuple[str, bool]] = [
        (shape.attends(index), shape.has_experts(index)) for index in range(stage.start, stage.start + stage.layers)
    ]
    for kind in dict.fromkeys(kinds):
        count = kinds.count(kind)
        index = stage.start + kinds.index(kind)
        letter, routed = kind
        linear = attention_params(shape, tensor, letter)
        size = layer_bytes(shape, index, tensor)
        if shape.mla:  # the absorbed copies are read in place of the checkpoint's own
            size -= absorbed_bytes(shape, tensor) / 2 * part_bytes(shape, "attention")
        if routed:
            owned = shape.experts * each * part_bytes(shape, "experts")
            shared = shape.shared_inter or shape.experts_shared * shape.moe_inter
            linear += shape.experts_used * each + shape.mlp_matrices * shape.hidden * shared / tensor
            linear += shape.hidden * shape.experts
            size -= owned
            experts += count * owned
            expert_layers += count
        else:
            linear += shape.mlp_matrices * shape.hidden * shape.inter / tensor
        steady += count * size
        flops += count * 2.0 * linear
    head = embedding_bytes(shape, tensor, head=True) if stage.last else 0.0
    head_flops = 2.0 * shape.vocab * shape.hidden / tensor if stage.last else 0.0
    letters = [letter for letter, _routed in kinds]
    counted = tuple((letter, letters.count(letter)) for letter in dict.fromkeys(letters))
    return Part(stage.layers, expert_layers, max(0.0, steady), experts, head, flops, head_flops, counted)


def rate(quant: Quant, card: Card) -> float:
    """Operations a second in the format of the linear layers; weights-only formats compute in 16 bit."""
    if quant.method in ("fp8", "fbgemm_fp8"):
        return card.flops8
    if quant.method == "nvfp4":
        return card.flops4
    if quant.method.startswith("int") and quant.bits == 8:
        return card.flops_int8
    return card.flops


def packed(shape: Shape, habits: Habits) -> float:
    """The share of the memory's rate at which the engine reads this format."""
    return habits.packed if shape.quant.method in PACKED else 1.0


def computed(shape: Shape, habits: Habits) -> float:
    """The share of the arithmetic's rate that the linear layers reach."""
    return habits.grouped if shape.moe else 1.0


def own_seconds(shape: Shape, part: Part, habits: Habits) -> float:
    """Seconds for what only some layers have: experts, and the index of sparse attention."""
    return part.expert_layers * habits.experts + (part.layers * habits.index if shape.index_dim else 0.0)


def touched(shape: Shape, tokens: float) -> float:
    """The share of the routed experts that at least one of so many tokens goes to, if each goes where it wants."""
    if not shape.experts:
        return 0.0
    return float(1 - (1 - shape.experts_used / shape.experts) ** tokens)


def expert_read(load: Load, part: Part, tokens: float) -> float:
    """Bytes of routed experts that the busiest card reads for the tokens of one replica.

    Of whole experts some cards have more to read than others: the most of so many draws about their mean.
    """
    cards, shape = load.tensor * load.shared, load.shape
    share = touched(shape, tokens * load.shared)
    mean = shape.experts * share / cards
    if load.whole and mean and cards > 1:
        share *= min(1 / share, 1 + math.sqrt(2 * math.log(cards) * (1 - share) / mean))
    return part.experts / load.shared * share


def cache_read(shape: Shape, part: Part, tensor: int, context: float, kv_dtype: str) -> float:
    """Bytes of one request's cache that a step reads on one rank."""
    total = 0.0
    for letter, count in part.letters:
        if letter == "l":
            total += count * 2 * state_bytes(shape, tensor)
            continue
        each = kv_layer_bytes(shape, tensor, kv_dtype, letter=letter)
        if shape.compressed:
            ratio = {"c": 4, "h": 128}.get(letter, 1)
            total += count * each * min(context, shape.window + min(SPARSE_TOKENS, context / ratio))
        elif shape.index_dim:
            index = shape.index_dim + 4
            total += count * ((each - index) * min(context, SPARSE_TOKENS) + index * context)
        else:
            total += count * each * (min(context, shape.window) if letter == "s" else context)
    return total


def attention_flops(shape: Shape, part: Part, tensor: int, context: float, absorbed: bool) -> float:
    """Operations of one new token that attends to so many, on one rank."""
    heads = shape.heads / tensor
    total = 0.0
    for letter, count in part.letters:
        if letter == "l":
            continue
        seen = min(context, shape.window) if letter == "s" else context
        if shape.index_dim or shape.compressed:
            total += count * 2.0 * context * (shape.index_heads or 64) * (shape.index_dim or 128)
            seen = min(context, SPARSE_TOKENS)
        if shape.mla:
            width = 2 * shape.kv_lora + shape.rope_dim if absorbed else shape.nope_dim + shape.rope_dim + shape.v_dim
            total += count * 2.0 * heads * seen * width
        else:
            total += count * 2.0 * heads * seen * (shape.head_dim + (shape.value_dim or shape.head_dim))
    return total


def exchange(load: Load, card: Card, part: Part, tokens: float) -> float:
    """Seconds of the all-reduces of a stage: two a layer.

    Experts of joined replicas gather the tokens of all and give them back; a shared cache costs two more a layer.
    """
    shape = load.shape
    routed = part.expert_layers if load.joined else 0
    seconds = _reduce(card, load.tensor, tokens * shape.hidden) * (2 * part.layers - routed)
    seconds += _reduce(card, load.tensor * load.data, tokens * load.data * shape.hidden) * routed
    if load.context > 1:
        width = shape.heads / load.tensor * load.context * (shape.kv_lora + shape.rope_dim)
        seconds += 2 * part.layers * _reduce(card, load.context, tokens * width)
    return seconds


def _reduce(card: Card, cards: int, numbers: float) -> float:
    """Seconds of an all-reduce, or of a gathering and its way back."""
    if cards == 1:
        return 0.0
    return card.latency + 2 * (cards - 1) / cards * numbers * HALF / (card.link * card.link_share)


def hand_over(load: Load, card: Card, tokens: float) -> float:
    """Seconds from one pipeline stage to the next."""
    size = tokens * load.shape.hidden * HALF
    if load.spans:
        return card.node_latency + size / card.node_link
    return card.latency + size / (card.link * card.link_share)


def step_seconds(load: Load, card: Card, habits: Habits, batch: float, context: float) -> float:
    """Seconds in which each of `batch` requests of one replica gets a token; their context so far is `context`.

    With speculation, those in which what was proposed is judged and the next is proposed.
    """
    running = max(1.0, batch / load.pipeline)  # stages work on different requests at a time
    parts = parts_of(load.shape, load.tensor, load.pipeline)
    total = sum(_part_seconds(load, card, habits, part, running, context) for part in parts)
    if load.drafted:
        total += load.drafted * _part_seconds(load, card, habits, draft_of(parts[-1]), running, context)
    total += (load.pipeline - 1) * hand_over(load, card, running)
    return total + habits.step + running * habits.request


def draft_of(last: Part) -> Part:
    """The MTP layer: as the stage's others, with the output matrix."""
    count = max(1, last.layers)
    routed = max(1, last.expert_layers)
    return last._replace(
        layers=1, expert_layers=min(1, last.expert_layers), steady=last.steady / count, experts=last.experts / routed,
        flops=last.flops / count, letters=(("f", 1),),
    )  # fmt: skip


def _part_seconds(load: Load, card: Card, habits: Habits, part: Part, running: float, context: float) -> float:
    shape, tensor = load.shape, load.tensor
    tokens = running * (1 + load.drafted)  # that are computed; a request's cache is read once for all of its own
    read = (part.steady + expert_read(load, part, tokens)) / packed(shape, habits) + part.head
    read += running * cache_read(shape, part, tensor, context, load.kv_dtype) / load.context
    memory = read / (card.bandwidth * card.memory_share)
    linear = tokens * (part.flops + part.head_flops) / (rate(shape.quant, card) * card.compute_share)
    linear /= computed(shape, habits)
    attention = tokens * attention_flops(shape, part, tensor, context, True) / (card.flops * card.compute_share)
    busy = max(memory, linear + attention) + exchange(load, card, part, tokens)
    return busy + part.layers * habits.layer + own_seconds(shape, part, habits)


def prefill_seconds(load: Load, card: Card, habits: Habits, tokens: float) -> float:
    """Seconds in which one replica reads a prompt."""
    shape, tensor = load.shape, load.tensor
    turns = max(1.0, tokens / load.batched)
    total = 0.0
    for part in parts_of(shape, tensor, load.pipeline):
        read = turns * ((part.steady + expert_read(load, part, tokens / turns)) / packed(shape, habits) + part.head)
        memory = read / (card.bandwidth * card.memory_share)
        linear = tokens * part.flops / (rate(shape.quant, card) * card.compute_share * computed(shape, habits))
        attention = tokens * attention_flops(shape, part, tensor, tokens / 2, False) / (card.flops * card.compute_share)
        busy = max(memory, linear + attention) + exchange(load, card, part, tokens)
        # launches run ahead of the card unless it is done sooner
        total += max(busy, turns * (part.layers * habits.launch + own_seconds(shape, part, habits)))
    return total + turns * habits.step + (load.pipeline - 1) * hand_over(load, card, tokens)


def speed(load: Load, card: Card, habits: Habits, concurrency: int, prompt: int, answer: int) -> Speed:
    """What users see while `concurrency` requests run all the time, each of `prompt` tokens in and `answer` out."""
    replicas = min(load.data, concurrency)
    batch = concurrency / replicas
    reading = prefill_seconds(load, card, habits, max(1, prompt))
    step = step_seconds(load, card, habits, batch, prompt + answer / 2)
    alone = max(1.0, batch / load.pipeline)  # prompts of different requests follow each other through the stages
    steps = answer / (1 + load.drafted * load.accepted)
    turn = (reading if batch <= load.pipeline else alone * reading) + steps * step
    first = reading + _waiting(batch, reading, steps * step) + (step if batch > 1 else 0.0)
    each = answer / turn
    total = concurrency * each
    return Speed(first, each, total, concurrency / turn, step)


def _waiting(batch: float, reading: float, thinking: float) -> float:
    """Seconds that a prompt waits for those before it, by mean value analysis of a closed queue."""
    ahead, response = 0.0, reading
    for requests in range(1, int(batch) + 1):
        response = reading * (1 + ahead)
        ahead = requests * response / (response + thinking)
    return response - reading
