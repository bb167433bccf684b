# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan could do otherwise and does not: attention by data, and speculation. With their numbers, and why not."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, List, NamedTuple, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.memory import margin_gib, non_torch_gib, predict
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import (
    GIB,
    expert_bytes,
    kv_layer_bytes,
    mtp_bytes,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.search import Candidate, Layout, Problem, run_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import why


class ByData(NamedTuple):
    """Tokens that all cards would hold, and those that one request could have."""

    tokens: int
    longest: int


def by_data(problem: Problem, chosen: Candidate) -> Optional[ByData]:
    """Attention by data: each card has all of it and requests of its own, and every how manieth expert.

    Where MLA's cache would else be copied on every card; nothing for other models, engines and layouts over nodes.
    """
    layout, shape = chosen.layout, problem.shape
    if not (shape.mla and problem.experts and layout.tensor > 1 and layout.pipeline == 1):
        return None
    cards = layout.tensor
    if shape.experts % cards:
        return None
    alone = run_of(problem, Layout(1, 1, cards, 1), max(1, -(-chosen.seqs // cards)), chosen.batched)
    memory = predict(shape, alone)
    joined = non_torch_gib(dataclasses.replace(alone, tensor=cards)) - memory.non_torch
    moe = sum(shape.has_experts(index) for index in range(shape.layers))
    elsewhere = moe * expert_bytes(shape, 1) * (1 - 1 / cards) / GIB
    kv = memory.kv + elsewhere - joined - margin_gib(problem.total_gib, shape) - problem.correction_gib / cards
    longest = int(max(0.0, kv) * GIB // memory.kv_token_bytes) if memory.kv_token_bytes else 0
    return ByData(longest * cards * layout.data, longest)


def considered(problem: Problem, chosen: Candidate) -> List[Dict[str, Any]]:
    """Rows for a plan's reasons."""
    rows = []
    shape, layout = problem.shape, chosen.layout
    other = by_data(problem, chosen)
    if other is not None:
        held = f"{other.tokens:,}", f"{other.longest:,}"
        rows.append(why(
            "layout.data_attention", False,
            f"每卡各存自己请求的缓存时共约 {held[0]} 个词元，单个请求至多 {held[1]}；"
            "未采用：所选布局已满足要求，且未实测启动",
            f"with caches of its own on each card about {held[0]} tokens in all, {held[1]} for one request; "
            "not taken: the layout holds what is asked for, and no start was seen",
            "search",
        ))  # fmt: skip
    if shape.mtp_layers and problem.experts:
        weights = mtp_bytes(shape, layout.tensor) / GIB
        token = kv_layer_bytes(shape, layout.tensor, problem.kv_dtype, problem.version)
        share = 100 * token / max(token, chosen.memory.kv_token_bytes * layout.pipeline)
        rows.append(why(
            "speculation", "none",
            f"MTP 层每卡占 {weights:.1f} GiB 权重，每个词元的缓存多 {share:.1f}%；未采用：提速取决于文本，且未实测",
            f"its MTP layer takes {weights:.1f} GiB of each card and {share:.1f} % more cache for each token; "
            "not taken: what it gains depends on the text, and was not measured",
            "config.json",
        ))  # fmt: skip
    return rows
