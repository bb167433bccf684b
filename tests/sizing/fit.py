# SPDX-License-Identifier: GPL-3.0-or-later
"""The constants of the memory model, measured again from logs; and how well they do on sources that they never saw.

Each is a median of what logs print, so no case weighs more than another and none stands alone.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.memory import (
    GRAPHS_INSIDE,
    MOST_CAPTURES,
    SMALL_CARD,
    SMALL_SAMPLER,
    TERMS,
    Run,
    Terms,
    captures,
    forward_bytes,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import GIB

Case = dict[str, Any]
Known = tuple[Case, Shape, Run]


def source_of(case: Case) -> str:
    """Who published it: a repository, a file, or ourselves."""
    if case["id"].startswith("here-"):
        return "our own"
    text = str(case.get("source") or case["id"])
    page = re.search(r"github\.com/([\w.-]+/[\w.-]+)", text) or re.match(r"(stored-public-github-file id \d+)", text)
    return page.group(1) if page else text.split(maxsplit=1)[0].rstrip(",;:")


def _median(values: Iterable[float], otherwise: float) -> float:
    found = list(values)
    return median(found) if found else otherwise


def _sampler(known: list[Known]) -> Iterable[float]:
    for case, shape, run in known:
        logged, logits = case["measured"].get("activation_gib"), min(run.max_seqs, run.max_batched) * shape.vocab
        sorts = run.version < SMALL_SAMPLER and not shape.vision and not run.pooling
        if logged and sorts and TERMS.sampler_native * logits > 1.2 * forward_bytes(shape, run, run.max_batched):
            yield logged * GIB / logits


def _links(known: list[Known], tensor: int) -> Iterable[float]:
    for case, _shape, run in known:
        logged = case["measured"].get("non_torch_gib")
        plain = (0, 7) <= run.version < GRAPHS_INSIDE and run.pipeline == 1
        plain = plain and (run.total_gib > SMALL_CARD if tensor == 1 else not run.consumer)
        if logged and plain and run.tensor == tensor and logged < TERMS.old_eight * 0.9:
            yield logged


def _small(known: list[Known], old: bool) -> Iterable[float]:
    """One small card, since 0.7 or before."""
    for case, _shape, run in known:
        logged = case["measured"].get("non_torch_gib")
        if logged and run.tensor == 1 and run.total_gib <= SMALL_CARD and (run.version < (0, 7)) is old:
            yield logged


def _images(known: list[Known]) -> Iterable[float]:
    """What V0's profile run of Qwen's models took beyond its forward pass."""
    for case, shape, run in known:
        logged = case["measured"].get("activation_gib")
        if logged and shape.vision and not run.v1 and shape.model_type.startswith("qwen"):
            yield logged - forward_bytes(shape, run, run.max_batched) / GIB


def _graphs(known: list[Known], moe: bool) -> Iterable[float]:
    for case, shape, run in known:
        measured = case["measured"]
        logged = measured.get("graph_estimate_gib") or measured.get("graph_gib")
        if logged and logged > 0 and shape.moe is moe:
            whole = logged if moe else logged * MOST_CAPTURES / captures(run) - TERMS.graphs_base
            yield whole / (shape.layers * shape.hidden)


def fit(known: list[Known]) -> Terms:
    """The terms that these logs say; those that they say nothing of stay."""
    alone = (
        case["measured"]["non_torch_gib"]
        for case, _shape, run in known
        if case["measured"].get("non_torch_gib") and run.consumer and run.tensor > 1 and run.version >= (0, 7)
    )
    small = _median(_small(known, False), TERMS.small_card)
    return dataclasses.replace(
        TERMS,
        small_card=small,
        before_0_7=_median((logged - small for logged in _small(known, True)), TERMS.before_0_7),
        vision_v0=_median(_images(known), TERMS.vision_v0),
        sampler_native=_median(_sampler(known), TERMS.sampler_native),
        links=tuple((tensor, _median(_links(known, tensor), gib)) for tensor, gib in TERMS.links),
        without_link=_median(alone, TERMS.without_link),
        graphs_dense=max(0.0, _median(_graphs(known, False), TERMS.graphs_dense)),
        graphs_moe=_median(_graphs(known, True), TERMS.graphs_moe),
    )


def leave_one_out(known: list[Known], judge: Callable[[Case, Terms], Case]) -> list[tuple[str, list[Case]]]:
    """(source, its rows judged by terms fitted without it), for each source."""
    sources = sorted({source_of(case) for case, _shape, _run in known})
    found = []
    for source in sources:
        terms = fit([row for row in known if source_of(row[0]) != source])
        found.append((source, [judge(case, terms) for case, _shape, _run in known if source_of(case) == source]))
    return found
