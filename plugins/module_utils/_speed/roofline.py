# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast an engine answers, by a roofline.

A step reads the weights it touches and the cache of its requests, and computes; the slower of both counts. Added to it
are what cards tell each other, and what an engine does whatever the size. Shares of what a card could do are measured.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
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


def exchange(load: Load, card: Card, layers: int, tokens: float) -> float:
    """Seconds of the all-reduces of so many layers: two a layer."""
    if load.tensor == 1:
        return 0.0
    size = tokens * load.shape.hidden * HALF
    moved = 2 * (load.tensor - 1) / load.tensor * size / (card.link * card.link_share)
    return 2 * layers * (card.latency + moved)


def hand_over(load: Load, card: Card, tokens: float) -> float:
    """Seconds from one pipeline stage to the next."""
    size = tokens * load.shape.hidden * HALF
    if load.spans:
        return card.node_latency + size / card.node_link
    return card.latency + size / (card.link * card.link_share)


def step_seconds(load: Load, card: Card, habits: Habits, batch: float, context: float) -> float:
    """Seconds in which each of `batch` requests of one replica gets a token; their context so far is `context`."""
    shape, tensor = load.shape, load.tensor
    running = max(1.0, batch / load.pipeline)  # stages work on different requests at a time
    total = 0.0
    for part in parts_of(shape, tensor, load.pipeline):
        read = (part.steady + part.experts * touched(shape, running)) / packed(shape, habits) + part.head
        read += running * cache_read(shape, part, tensor, context, load.kv_dtype)
        memory = read / (card.bandwidth * card.memory_share)
        linear = running * (part.flops + part.head_flops) / (rate(shape.quant, card) * card.compute_share)
        linear /= computed(shape, habits)
        attention = running * attention_flops(shape, part, tensor, context, True) / (card.flops * card.compute_share)
        total += max(memory, linear + attention) + exchange(load, card, part.layers, running)
        total += part.layers * habits.layer + own_seconds(shape, part, habits)
    total += (load.pipeline - 1) * hand_over(load, card, running)
    return total + habits.step + running * habits.request


def prefill_seconds(load: Load, card: Card, habits: Habits, tokens: float) -> float:
    """Seconds in which one replica reads a prompt."""
    shape, tensor = load.shape, load.tensor
    turns = max(1.0, tokens / load.batched)
    total = 0.0
    for part in parts_of(shape, tensor, load.pipeline):
        read = turns * (
            (part.steady + part.experts * touched(shape, tokens / turns)) / packed(shape, habits) + part.head
        )
        memory = read / (card.bandwidth * card.memory_share)
        linear = tokens * part.flops / (rate(shape.quant, card) * card.compute_share * computed(shape, habits))
        attention = tokens * attention_flops(shape, part, tensor, tokens / 2, False) / (card.flops * card.compute_share)
        busy = max(memory, linear + attention) + exchange(load, card, part.layers, tokens)
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
    turn = (reading if batch <= load.pipeline else alone * reading) + answer * step
    first = reading + _waiting(batch, reading, answer * step) + (step if batch > 1 else 0.0)
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


GIGA, TERA, MICRO = 1e9, 1e12, 1e-6
Rows = Mapping[str, Mapping[str, Any]]


def card_of(row: Mapping[str, Any], constants: Rows, nvlink: bool, node_gbps: Optional[float] = None) -> Optional[Card]:
    """A card of the catalogue; None where its data sheet or its family's shares are not known.

    `node_gbps`: Gbit/s between the nodes.
    """
    sheet = row.get("speed") or {}
    family = constants.get(f"family-{sheet.get('family')}")
    if not sheet or not family:
        return None
    tflops: Dict[str, float] = {name: float(value) for name, value in sheet["tflops"].items()}
    plain = tflops["fp16"]
    nvlink = nvlink and "link_gbs" in sheet
    link = constants["link-nvlink" if nvlink else "link-pcie"]
    between = constants["link-nodes"]
    return Card(
        bandwidth=float(sheet["gbs"]) * GIGA,
        flops=plain * TERA,
        flops8=tflops.get("fp8", plain) * TERA,
        flops4=tflops.get("fp4", plain) * TERA,
        flops_int8=tflops.get("int8", plain) * TERA,
        link=float(sheet["link_gbs" if nvlink else "pcie_gbs"]) * GIGA,
        latency=float(link["latency_us"]) * MICRO,
        memory_share=float(family["memory"]),
        compute_share=float(family["compute"]),
        link_share=float(link["share"]),
        node_link=(node_gbps or float(between["gbps"])) / 8 * GIGA * float(between["share"]),
        node_latency=float(between["latency_us"]) * MICRO,
    )


def habits_of(constants: Rows, engine: str, version: str, eager: bool = False) -> Optional[Habits]:
    """What an engine needs for itself; None where none of its runs is known."""
    rows = [row for row in constants.values() if engine in (row.get("engine"), row.get("also"))]
    fitting = [row for row in rows if not row.get("until") or _before(version, str(row["until"]))]
    if not fitting:
        return None
    row = min(fitting, key=lambda found: version_key(str(found.get("until", "999"))))
    layer, launch = float(row["layer_us"]), float(row["layer_us"]) + float(row.get("eager_us", 0.0))
    return Habits(
        step=float(row["step_us"]) * MICRO,
        layer=(launch if eager else layer) * MICRO,
        launch=launch * MICRO,
        experts=float(row["experts_us"]) * MICRO,
        request=float(row["request_us"]) * MICRO,
        index=float(row["index_us"]) * MICRO,
        packed=float(row["packed"]),
        grouped=float(row["grouped"]),
    )


def _before(version: str, until: str) -> bool:
    return bool(version) and version_key(version) < version_key(until)
