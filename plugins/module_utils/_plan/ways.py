# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to run a model for which predicted speed may speak: attention by data, a shared cache, speculation.

A layout that holds the wish is left only for one that is predicted to be clearly quicker, on cards that were measured.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import (
    GIB,
    checkpoint_bytes,
    kv_layer_bytes,
    mtp_bytes,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.search import (
    BATCHES,
    Candidate,
    Layout,
    Problem,
    evaluate,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import why
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.speed import Bench, Question, bench_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._speed.roofline import Load

# Times the tokens a second: what experts of several groups and speculation cost an engine was measured nowhere.
QUICKER = 1.25
OFF = "站点已关闭", "switched off by the site"
KEPT = f"未快到 {QUICKER} 倍", f"another must be {QUICKER} times as quick"
SMALL = "缓存放不下", "it does not hold what is asked for"
Row = Dict[str, Any]


class Site(NamedTuple):
    """What the ways depend on. `rule`: for speculation; `stored`: the checkpoint's bytes, 0 = unknown."""

    without: Tuple[str, ...]
    rule: Optional[Mapping[str, Any]]
    own: bool  # the checkpoint is the model's own
    stored: int


class Chosen(NamedTuple):
    """The layout that is taken, the problem with what is taken besides, and what the plan says of all."""

    problem: Problem
    candidate: Candidate
    load: Load
    why: List[Row]


def rule_of(engine: Mapping[str, Any], model_type: str, version: str) -> Optional[Mapping[str, Any]]:
    rule = (engine.get("speculation") or {}).get(model_type)
    return rule if rule and version_key(version) >= version_key(str(rule["since"])) else None


def ask(question: Question, load: Load, requests: int, catalog: Catalog) -> Optional[Bench]:
    """What speeds are asked of; None where nothing can be predicted."""
    try:
        bench = bench_of(question, load, catalog["profiles"].get(question.profile) or {}, catalog)
        usable = not isinstance(bench, str) and 0 < bench.at(requests).total < math.inf
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):  # a vendor's rows are not ours
        return None
    return bench if usable and not isinstance(bench, str) else None


def load_of(problem: Problem, one: Candidate, accepted: float = 0.0) -> Load:
    """What the speed of a layout is predicted from."""
    layout = one.layout
    return Load(
        problem.shape, layout.tensor, layout.pipeline, layout.data, problem.kv_dtype, one.batched, layout.span > 1,
        layout.context, layout.expert, layout.joined, float(problem.drafted), accepted,
    )  # fmt: skip


def choose(problem: Problem, found: List[Candidate], site: Site, bench: Optional[Bench]) -> Chosen:
    """The first of the layouts found, unless another way is predicted to be quicker; then whether to speculate."""
    best = _quickest(problem, found, bench)
    rows = _considered(problem, found, best, site, bench)
    load = load_of(problem, best)
    if problem.shape.mtp_layers:
        taken, zh, en = _speculation(problem, best, site, bench)
        source = site.rule["source"] if site.rule else "engines"
        rows.append(why("speculation", "mtp" if taken else "none", zh, en, source))
        if taken and site.rule:
            problem, best = dataclasses.replace(problem, drafted=1), taken
            load = load_of(problem, best, float(site.rule["accepted"]))
    return Chosen(problem, best, load, rows)


def _total(problem: Problem, load: Load, bench: Bench) -> float:
    """Tokens a second in all, at the planned number of requests."""
    return dataclasses.replace(bench, load=load).at(problem.concurrency).total


def _quickest(problem: Problem, found: List[Candidate], bench: Optional[Bench]) -> Candidate:
    first = found[0]
    if bench is None or not bench.measured or problem.pinned:
        return first
    usual = _total(problem, load_of(problem, first), bench)
    rated = [
        (_total(problem, load_of(problem, one), bench), -number, one)
        for number, one in enumerate(found)
        if one.fits and one.layout.used == first.layout.used and (one.layout.joined or one.layout.context > 1)
    ]
    quickest = max(rated, default=(0.0, 0, first))
    return quickest[2] if quickest[0] >= QUICKER * usual else first


def _considered(
    problem: Problem, found: List[Candidate], best: Candidate, site: Site, bench: Optional[Bench]
) -> List[Row]:
    layout, rows = best.layout, []
    whole = dataclasses.replace(best, layout=dataclasses.replace(layout, expert=True))
    same = [one for one in found if one.layout.used == layout.used]
    parts = problem.experts and not layout.joined and layout.tensor > 1 and problem.shape.experts % layout.tensor == 0
    for key, taken, ways in (
        ("data_attention", layout.joined, [one for one in same if one.layout.joined and problem.shape.mla]),
        ("shared_cache", layout.context > 1, [one for one in same if one.layout.context > 1]),
        ("expert", layout.expert and not layout.joined, [whole] if parts else []),
    ):
        source, zh, en = "search", "否则放不下、无法切分或更慢", "else it does not fit, can't be cut, or is slower"
        if key in site.without and problem.shape.mla:
            source, zh, en = "appliance_without", *OFF
        elif ways and not taken:
            other = max(ways, key=lambda one: (one.fits, one.tokens * one.layout.data))
            zh, en = _times(problem, other, problem, best, bench)
            tokens, no = f"{other.tokens * other.layout.data:,}", KEPT if other.fits else SMALL
            zh = f"{other.layout.name()}：共 {tokens} 个词元，单个请求至多 {other.tokens:,}；{zh}；未采用：{no[0]}"
            en = f"{other.layout.name()}: {tokens} tokens in all, {other.tokens:,} for one; {en}; not taken: {no[1]}"
        elif not taken:
            continue
        rows.append(why(f"layout.{key}", taken, zh, en, source))
    return rows


def _times(
    problem: Problem, one: Candidate, base: Problem, than: Candidate, bench: Optional[Bench], accepted: float = 0.0
) -> Tuple[str, str]:
    if bench is None:
        return "速度未预测", "no speed is predicted"
    ratio = _total(problem, load_of(problem, one, accepted), bench) / _total(base, load_of(base, than), bench)
    count = problem.concurrency
    return (
        f"{count} 个请求时总速度预测为 {ratio:.2f} 倍",
        f"predicted {ratio:.2f} times as quick in all at {count} requests",
    )


def _speculation(
    problem: Problem, best: Candidate, site: Site, bench: Optional[Bench]
) -> Tuple[Optional[Candidate], str, str]:
    """The candidate with the model's MTP layer (None: not taken), and the reason."""
    shape, layout = problem.shape, best.layout
    weights = mtp_bytes(shape, layout.tensor) / GIB
    token = kv_layer_bytes(shape, layout.tensor, problem.kv_dtype, problem.version)
    share = 100 * token / max(token, best.memory.kv_token_bytes * layout.pipeline)
    zh = f"MTP 层每卡占 {weights:.1f} GiB 权重，每个词元的缓存多 {share:.1f}%；"
    en = f"its MTP layer takes {weights:.1f} GiB of each card and {share:.1f} % more cache for each token; "
    no = _why_not(problem, layout, site, bench)
    if not no and bench and site.rule:
        drafting, accepted = dataclasses.replace(problem, drafted=1), float(site.rule["accepted"])
        tries = (evaluate(drafting, layout, batched) for batched in BATCHES if batched <= best.batched)
        taken, no = next((one for one in tries if one.fits), None), SMALL
        if taken:
            told = _times(drafting, taken, problem, best, bench, accepted)
            zh += f"接受率按 {100 * accepted:.0f}% 计，{told[0]}；"
            en += f"with {100 * accepted:.0f} % accepted, {told[1]}; "
            quick = _total(drafting, load_of(drafting, taken, accepted), bench)
            if quick >= QUICKER * _total(problem, load_of(problem, best), bench):
                return taken, zh + "采用", en + "taken"
            no = KEPT
    return None, f"{zh}未采用：{no[0]}", f"{en}not taken: {no[1]}"


def _why_not(problem: Problem, layout: Layout, site: Site, bench: Optional[Bench]) -> Tuple[str, ...]:
    """Why speculation is out of the question; nothing where it is not."""
    bare, whole = checkpoint_bytes(problem.shape, mtp=False), checkpoint_bytes(problem.shape)
    for so, zh, en in (
        ("speculation" in site.without, *OFF),
        (problem.pinned, "方案已按上次启动缩小", "the plan was made smaller after a start"),
        (not site.rule, "该模型与引擎版本的接受率未知", "no accepted share is known for this model and engine"),
        (not site.own or site.stored < (bare + whole) / 2, "检查点中没有该层，或无法确定",
         "the checkpoint lacks the layer, or it is not known"),
        (layout.pipeline > 1 or layout.context > 1 or layout.joined, "不与流水线、共用缓存或按数据并行的注意力同用",
         "not with stages, a shared cache or attention by data"),
        (bench is None or not bench.measured, "该系列显卡没有实测速度", "no speed was measured on such cards"),
    ):  # fmt: skip
        if so:
            return zh, en
    return ()
