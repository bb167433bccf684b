# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wish that does not fit: what is needed and what is there, the longest context that would fit, what would help."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape, read_shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.precision import (
    CannotRun,
    Card,
    decide,
    stored_form,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.search import (
    Problem,
    fits,
    longest_context,
    most_requests,
    search,
    tensor_fault,
    tensor_sizes,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import Wish

SHORTEST = 2048  # below this a reasoning model is of no use
Fix = Tuple[int, Text]


def refuse(wish: Wish, problem: Problem, card: Card, precision: str) -> Refusal:
    """The refusal (LLM504), with up to three changes; LLM503 where the model can't be divided among these cards."""
    gpu = card.gpu
    found = search(problem)
    cards = (f"{problem.nodes} × " if problem.nodes > 1 else "") + f"{problem.gpus} × {gpu.name}"
    if not found:
        faults = "; ".join(filter(None, [tensor_fault(problem.shape, problem.gpus, problem.experts)]))
        return Refusal("LLM503", cards=cards, faults=faults)
    nearest = found[0]
    have = round(nearest.memory.budget, 1)
    need = round(nearest.memory.budget + nearest.short_gib, 2)
    longest = longest_context(dataclasses.replace(problem, concurrency=1))
    weights = round(nearest.memory.weights, 1)
    layout = nearest.layout
    fixes = [fix for _order, fix in sorted(_fixes(wish, problem, card), key=lambda fix: fix[0])]
    return Refusal(
        "LLM504",
        model=wish.model_id,
        precision=precision.upper(),
        cards=cards,
        needed=need,
        weights=weights,
        usable=have,
        tensor=layout.tensor,
        pipeline=layout.pipeline,
        context=problem.context,
        requests=problem.concurrency,
        longest=say("plan_longest", longest=longest) if longest else say("plan_no_length"),
        remedies=fixes[:3],
        need={
            "gib_per_gpu": need,
            "weights_gib_per_gpu": weights,
            "context": problem.context,
            "concurrency": problem.concurrency,
        },
        have={"gib_per_gpu": have, "kv_tokens": nearest.tokens * layout.data, "longest_context": longest},
    )


def cannot_run(wish: Wish, card: Card, told: CannotRun) -> Refusal:
    """A format or kind of attention that the card lacks, with the checkpoints and engines that do without it."""
    gpu, form = card.gpu, told.form.upper().replace("_", " ")
    capability = "" if gpu.capability is None else f" ({gpu.capability})"
    need, have = {"format": form}, {"gpu": gpu.kind, "capability": gpu.capability}
    if told.rule == "LLM501":
        return Refusal("LLM501", gpu=f"{gpu.name}{capability}", form=form, need=need, have=have)
    fixes = []
    if wish.native_shape is not None and _runs(wish.native_shape, card):
        fixes.append(say("plan_native_precision", form=stored_form(wish.native_shape).upper()))
    fixes += [say("plan_other_checkpoint", name=name, checkpoint=other["id"])
              for name, other, shape in _checkpoints(wish) if _runs(shape, card)]  # fmt: skip
    if wish.entry.get("gguf"):
        fixes.append(say("plan_on_llamacpp"))
    first = card.first(told.form) if gpu.vendor == "nvidia" else None
    if first is not None and first > (gpu.capability or 0):
        fixes.append(say("plan_from_card", first=first))
    return Refusal("LLM502", gpu=f"{gpu.name}{capability}", form=form, remedies=fixes[:3], need=need, have=have)


def _runs(shape: Shape, card: Card) -> bool:
    try:
        decide(shape, "native", card)
    except CannotRun:
        return False
    return True


def _checkpoints(wish: Wish) -> Iterator[Tuple[str, Dict[str, Any], Shape]]:
    """Other checkpoints of the model that this engine loads."""
    for name, other in sorted((wish.entry.get("checkpoints") or {}).items()):
        shape = _other_shape(wish, other)
        if shape.quant != wish.shape.quant and (not other.get("engines") or wish.engine in other["engines"]):
            yield name, other, shape


def _fixes(wish: Wish, problem: Problem, card: Card) -> List[Fix]:
    """Changes that help, each planned before it is offered. The number orders them: the least costly first."""
    fixes: List[Fix] = []
    requests = most_requests(problem)
    fewer = dataclasses.replace(problem, concurrency=max(1, requests))
    if 1 <= requests < problem.concurrency and fits(fewer):
        fixes.append((1, say("plan_fewer_requests", requests=requests, tokens=problem.request_tokens)))
    shorter = _shorter(problem, requests)
    if shorter is not None:
        fixes.append((2, say("plan_shorter_context", context=shorter.context, requests=shorter.concurrency)))
    fixes += _precision_fixes(wish, problem, card)
    more = _more_cards(problem)
    if more:
        nodes, gpus = more
        fixes.append((6, say("plan_more_cards", nodes=nodes, cards=gpus, gpu=card.gpu.name)))
    if wish.entry.get("gguf") and len(fixes) < 3:
        fixes.append((7, say("plan_on_llamacpp")))
    return fixes


def _shorter(problem: Problem, requests: int) -> Optional[Problem]:
    """The same wish with a shorter context that fits, and with as many of the requests as that leaves room for.

    More requests leave less room (sampler, graphs), so the length is that at the number that is kept.
    """
    count = problem.concurrency
    while True:
        few = dataclasses.replace(problem, concurrency=count)
        longest = longest_context(few)
        kept = 0
        if SHORTEST <= longest < problem.context:
            few = dataclasses.replace(few, context=longest, request_tokens=min(problem.request_tokens, longest))
            kept = min(count, most_requests(few))
            if kept == count and fits(few):
                return few
        if count == 1:
            return None
        count = next(less for less in (kept, requests, count // 2) if 0 < less < count)


def _precision_fixes(wish: Wish, problem: Problem, card: Card) -> List[Fix]:
    fixes: List[Fix] = []
    native = wish.native_shape
    if native is not None and native.quant != problem.shape.quant and native.quant.method:
        form = stored_form(native)
        if _runs(native, card) and fits(dataclasses.replace(problem, shape=decide(native, "native", card).shape)):
            fixes.append((0, say("plan_native_precision", form=form.upper())))
    if problem.kv_dtype == "auto" and card.how("fp8") == "native":
        if fits(dataclasses.replace(problem, kv_dtype="fp8")):
            fixes.append((3, say("plan_fp8_cache")))
        plain = not problem.shape.quant.method and not (native and native.quant.method)
        if plain:
            half = decide(problem.shape, "fp8", card).shape
            if fits(dataclasses.replace(problem, shape=half)):
                fixes.append((4, say("plan_fp8_weights")))
    for name, other, shape in _checkpoints(wish):
        if _runs(shape, card) and fits(dataclasses.replace(problem, shape=shape)):
            fixes.append((5, say("plan_other_checkpoint", name=name, checkpoint=other["id"])))
    return fixes


def _other_shape(wish: Wish, other: Dict[str, Any]) -> Shape:
    config = dict(wish.entry.get("config") or {})
    config.update({key: value for key, value in other.items() if key not in ("id", "engines")})
    return read_shape(config, str(other["id"]))


def _more_cards(problem: Problem) -> Any:
    """The smallest number of nodes and cards of this kind that satisfies the wish; None up to 8 x 8."""
    tried = [(nodes, gpus) for nodes in range(1, 9) for gpus in (1, 2, 4, 8) if nodes == 1 or gpus >= problem.gpus]
    for nodes, gpus in sorted(tried, key=lambda pair: pair):
        if nodes * gpus <= problem.nodes * problem.gpus or not tensor_sizes(problem.shape, gpus, problem.experts):
            continue
        if fits(dataclasses.replace(problem, nodes=nodes, gpus=gpus)):
            return nodes, gpus
    return None
