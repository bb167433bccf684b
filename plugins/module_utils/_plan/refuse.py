# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wish that does not fit: need, have, the longest context that would, and the nearest changes that help."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, List, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base._plan_error_tmp import Refusal, Text, text
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape, read_shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Gpu
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.precision import card_runs, decide, stored_form
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.search import (
    Problem,
    best,
    longest_context,
    most_requests,
    search,
    tensor_fault,
    tensor_sizes,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import Wish

SHORTEST = 2048  # below this a reasoning model is of no use
Fix = Tuple[int, Text]


def refuse(wish: Wish, problem: Problem, gpu: Gpu, catalog: Catalog, precision: str) -> Refusal:
    found = search(problem)
    cards = f"{problem.nodes} x {problem.gpus} x {gpu.kind}" if problem.nodes > 1 else f"{problem.gpus} x {gpu.kind}"
    if not found:
        faults = "; ".join(filter(None, [tensor_fault(problem.shape, problem.gpus)]))
        return Refusal(
            "LLM503",
            text(f"{cards}: 没有可行的并行布局 ({faults})", f"{cards}: no parallel layout is possible ({faults})"),
            [text("换用其他 GPU 数量", "use another number of GPUs")],
        )
    nearest = found[0]
    have = round(nearest.memory.budget, 1)
    need = round(nearest.memory.budget + nearest.short_gib, 2)
    longest = longest_context(dataclasses.replace(problem, concurrency=1))
    weights = round(nearest.memory.weights, 1)
    layout = nearest.layout
    zh = (
        f"{wish.model_id} ({precision.upper()}) 在 {cards} 上放不下: 每卡需要 {need:.2f} GiB "
        f"(其中权重 {weights:.1f}), 可用 {have:.1f} GiB (TP{layout.tensor} PP{layout.pipeline}, "
        f"上下文 {problem.context}, 并发 {problem.concurrency})；单请求最长可用上下文 {longest}"
    )
    en = (
        f"{wish.model_id} ({precision.upper()}) does not fit on {cards}: {need:.2f} GiB a card needed "
        f"({weights:.1f} of it weights), {have:.1f} GiB usable (TP{layout.tensor} PP{layout.pipeline}, context "
        f"{problem.context}, {problem.concurrency} requests at once); longest context that would fit: {longest}"
    )
    fixes = [fix for _order, fix in sorted(_fixes(wish, problem, gpu, catalog, longest), key=lambda one: one[0])]
    return Refusal(
        "LLM504",
        text(zh, en),
        fixes[:3] or [text("换用更小的模型", "take a smaller model")],
        {
            "gib_per_gpu": need,
            "weights_gib_per_gpu": weights,
            "context": problem.context,
            "concurrency": problem.concurrency,
        },
        {"gib_per_gpu": have, "kv_tokens": nearest.tokens * layout.data, "longest_context": longest},
    )


def _fixes(wish: Wish, problem: Problem, gpu: Gpu, catalog: Catalog, longest: int) -> List[Fix]:
    """Each one is planned before it is said. The number orders them: what costs least comes first."""
    entry = catalog["gpus"].get(gpu.kind, {})
    fixes: List[Fix] = []
    requests = most_requests(problem)
    fewer = dataclasses.replace(problem, concurrency=max(1, requests))
    if 1 <= requests < problem.concurrency and best(fewer):
        fixes.append(
            (
                1,
                text(
                    f"appliance_concurrency: {requests} (请求 {problem.request_tokens} 词元)",
                    f"appliance_concurrency: {requests} (at {problem.request_tokens} tokens a request)",
                ),
            )
        )
    if SHORTEST <= longest < problem.context:
        tokens = min(problem.request_tokens, longest)
        shorter = dataclasses.replace(problem, context=longest, request_tokens=tokens)
        count = min(problem.concurrency, max(1, most_requests(shorter)))
        if best(dataclasses.replace(shorter, concurrency=count)):
            fixes.append(
                (
                    2,
                    text(
                        f"appliance_context_length: {longest}, appliance_concurrency: {count}",
                        f"appliance_context_length: {longest}, appliance_concurrency: {count}",
                    ),
                )
            )
    fixes += _precision_fixes(wish, problem, gpu, entry)
    more = _more_cards(problem)
    if more:
        nodes, gpus = more
        fixes.append(
            (
                6,
                text(
                    f"改用 {nodes} 个节点 x {gpus} 张 {gpu.kind}", f"use {nodes} node(s) with {gpus} x {gpu.kind} each"
                ),
            )
        )
    if wish.entry.get("gguf") and len(fixes) < 3:
        fixes.append(
            (
                7,
                text(
                    "appliance_engine: llamacpp (GGUF, 部分层放内存)",
                    "appliance_engine: llamacpp (GGUF, some layers in main memory)",
                ),
            )
        )
    return fixes


def _precision_fixes(wish: Wish, problem: Problem, gpu: Gpu, entry: Dict[str, Any]) -> List[Fix]:
    fixes: List[Fix] = []
    native = wish.native_shape
    if native is not None and native.quant != problem.shape.quant and native.quant.method:
        form = stored_form(native)
        try:
            shape = decide(native, "native", gpu, entry).shape
        except Refusal:
            shape = None
        if shape is not None and best(dataclasses.replace(problem, shape=shape)):
            fixes.append(
                (
                    0,
                    text(
                        f"appliance_precision: native (检查点本身是 {form.upper()}, 放得下)",
                        f"appliance_precision: native (the checkpoint itself is {form.upper()}, which fits)",
                    ),
                )
            )
    if problem.kv_dtype == "auto" and card_runs(gpu, entry, "fp8"):
        if best(dataclasses.replace(problem, kv_dtype="fp8")):
            fixes.append(
                (
                    3,
                    text(
                        "appliance_kv_cache_dtype: fp8 (KV 缓存减半)",
                        "appliance_kv_cache_dtype: fp8 (halves the KV cache)",
                    ),
                )
            )
        plain = not problem.shape.quant.method and not (native and native.quant.method)
        if plain:
            half = decide(problem.shape, "fp8", gpu, entry).shape
            if best(dataclasses.replace(problem, shape=half)):
                fixes.append(
                    (
                        4,
                        text(
                            "appliance_precision: fp8 (加载时量化)",
                            "appliance_precision: fp8 (quantised while loading)",
                        ),
                    )
                )
    for name, other in sorted((wish.entry.get("checkpoints") or {}).items()):
        shape = _other_shape(wish, other)
        if shape.quant == problem.shape.quant or not card_runs(gpu, entry, stored_form(shape)):
            continue
        if best(dataclasses.replace(problem, shape=shape)):
            fixes.append(
                (
                    5,
                    text(
                        f"appliance_precision: {name} (检查点 {other['id']})",
                        f"appliance_precision: {name} (checkpoint {other['id']})",
                    ),
                )
            )
    return fixes


def _other_shape(wish: Wish, other: Dict[str, Any]) -> Shape:
    config = dict(wish.entry.get("config") or {})
    config.update({key: value for key, value in other.items() if key != "id"})
    return read_shape(config, str(other["id"]))


def _more_cards(problem: Problem) -> Any:
    """The smallest machine park of the same card that holds the wish."""
    tried = [(nodes, gpus) for nodes in range(1, 9) for gpus in (1, 2, 4, 8) if nodes == 1 or gpus >= problem.gpus]
    for nodes, gpus in sorted(tried, key=lambda one: one):
        if nodes * gpus <= problem.nodes * problem.gpus or not tensor_sizes(problem.shape, gpus):
            continue
        if best(dataclasses.replace(problem, nodes=nodes, gpus=gpus)):
            return nodes, gpus
    return None
