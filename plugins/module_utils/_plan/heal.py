# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A start that ended for lack of memory: what is learned of it, and the smaller plan that its numbers allow.

What is kept are the engine's numbers, not the smaller plan: every later plan for the same model on the same cards is
made smaller from them in the same way, so that a second run finds nothing to change.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import independent, placed_units
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, notice, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.ended import worst
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import GIB
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.calibrate import ENDED, ROWS
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.search import (
    BATCHES,
    Candidate,
    Layout,
    Problem,
    evaluate,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import why
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import Wish

STEP = 256  # tokens by which a context is shortened
SLACK = 0.1  # GiB that one start may differ from the next
SLACK_SHARE = 0.02
UNKNOWN_SHARE = 0.05  # of the card, where a full card gives no numbers
Row = Dict[str, Any]


class Told(NamedTuple):
    """What a plan that was made smaller says about it."""

    warnings: Sequence[Dict[str, Any]] = ()
    why: Sequence[Dict[str, Any]] = ()


def ended_rows(plan: Mapping[str, Any], wishes: Sequence[Wish], ends: Mapping[str, Mapping[str, Any]]) -> List[Row]:
    """A row for each engine that ended for lack of memory; [] where none did.

    `wishes`: those of the engines, in the plan's order. `ends`: what was said (_engines/ended.py), by host and unit.
    """
    rows: List[Row] = []
    for (host, unit), wish in zip(placed_units(plan), wishes):
        ranks = [name for name, node in plan["nodes"].items() if unit["name"] in [one["name"] for one in node["units"]]]
        hosts = [host] if independent(plan) else ranks
        said = worst(dict(of_host.get(unit["name"]) or {}) for name, of_host in ends.items() if name in hosts)
        if not said:
            continue
        capacity = unit["capacity"]
        row = {
            "schema": ROWS,
            "kind": ENDED,
            **wish.subject,
            "version": str(plan["engine"]["version"]),
            "gpu": plan.get("gpu") and wish.head.gpus[0].kind,
            **unit["layout"],
            "span": len(hosts) if unit["layout"]["data"] == 1 else 1,
            "was": {
                key: capacity[key] for key in ("context", "concurrency", "batched", "utilization") if key in capacity
            },
            "said": said,
        }
        # Of engines that were planned alike, the one that had the least counts.
        twin = next((old for old in rows if _same(old, row)), None)
        if twin is not None:
            rows.remove(twin)
            row = twin if worst([twin["said"], said]) == twin["said"] else row
        rows.append(row)
    return rows


def _same(row: Mapping[str, Any], key: Mapping[str, Any]) -> bool:
    """One that names no deployment is from before they did, and counts for each."""
    row = {"deployment": key["deployment"], **row}
    return all(row.get(name) == key[name] for name in key if name not in ("was", "said"))


def found(rows: Sequence[Row], subject: Mapping[str, Any], version: str, gpu: Optional[str]) -> Optional[Row]:
    """The newest end of an engine of this kind among the rows that were kept; None where none ended."""
    key = {**subject, "version": version, "gpu": gpu, "kind": ENDED, "schema": ROWS}
    return next((row for row in reversed(rows) if _same(row, key)), None)


def _floor(wish: Wish) -> Tuple[int, int]:
    """The least context and the fewest requests that the profile allows; never more than the wish."""
    context = int(wish.floor.get("context_length") or wish.request_tokens)
    return min(wish.context, context), min(wish.concurrency, int(wish.floor.get("concurrency") or wish.concurrency))


def on_gpus(wish: Wish, problem: Problem, row: Row) -> Tuple[Wish, Problem, Told]:
    """Wish and problem after what an earlier start of this engine said.

    Refused (LLM581) where nothing that the profile allows would help.
    """
    was, said = row["was"], row["said"]
    layout = Layout(
        row["tensor"], row["pipeline"], row["data"], row["span"], row.get("context", 1), bool(row.get("expert")),
        bool(row.get("joined")),
    )  # fmt: skip
    failed = dataclasses.replace(
        problem,
        context=was["context"],
        concurrency=was["concurrency"],
        request_tokens=min(problem.request_tokens, was["context"]),
        utilization=was["utilization"],
        drafted=row.get("drafted", 0),
    )
    before = evaluate(failed, layout, was["batched"])
    there = _there(wish, failed, said, before)
    utilization = min(problem.utilization, _utilization(wish, failed, said))
    short = 0.0
    if there is not None:
        short = max(0.0, before.memory.kv - there) + SLACK + SLACK_SHARE * max(0.0, there)
    base = dataclasses.replace(problem, pinned=layout, utilization=utilization, short_gib=short, kv_factor=1.0)

    # What was measured is not exceeded by what a smaller batch would free by the rules.
    batches = [size for size in BATCHES if size >= was["batched"] or said["kind"] != "context"]

    def attempt(context: int, requests: int) -> Optional[Candidate]:
        tokens = min(wish.request_tokens, context)
        smaller = dataclasses.replace(base, context=context, concurrency=requests, request_tokens=tokens)
        tries = (evaluate(smaller, layout, batched) for batched in batches)
        return next((one for one in tries if one.fits), None)

    low = _floor(wish)
    # Weights that do not fit, and what these engines take beside them, are the same with any context.
    helps = said["kind"] != "load" and (said["kind"] != "cache" or wish.engine == "vllm")
    chosen = ladder(wish, low, lambda context, requests: helps and attempt(context, requests) is not None)
    best = attempt(*chosen) if chosen else None
    if chosen is None or best is None or not _less(best, chosen[0], utilization, before, failed):
        if said["kind"] == "load" and "free_gib" in said:
            full = said["total_gib"] - said["free_gib"] + said.get("tried_gib", 0.0)
            raise _refusal(wish, low, said, full, said["total_gib"])
        least = evaluate(
            dataclasses.replace(
                base, context=low[0], concurrency=low[1], request_tokens=min(wish.request_tokens, low[0])
            ),
            layout,
            BATCHES[-1],
        )
        have = least.memory.kv - short
        raise _refusal(wish, low, said, max(0.0, have + least.short_gib), have)
    context, requests = chosen
    tokens = min(wish.request_tokens, context)
    mended = dataclasses.replace(wish, context=context, concurrency=requests, request_tokens=tokens)
    problem = dataclasses.replace(base, context=context, concurrency=requests, request_tokens=tokens)
    more = [
        ("max_num_batched_tokens", was["batched"], min(was["batched"], best.batched)),
        ("gpu_memory_utilization", was["utilization"], utilization),
        ("speculation", failed.drafted, 0),
    ]
    return mended, problem, _told(wish, mended, said, more)


def on_cpus(wish: Wish, row: Row, token_bytes: float, block: int) -> Tuple[Wish, Told]:
    """The same where the cache is a number of bytes that the plan sets."""
    said = row["said"]
    room = said.get("longest") or int(float(said.get("kv_gib") or 0.0) * GIB / token_bytes)
    room = room // block * block

    def fits(context: int, requests: int) -> bool:
        return max(context, requests * min(wish.request_tokens, context)) <= room

    low = _floor(wish)
    chosen = ladder(wish, low, fits)
    if chosen is None:
        need = max(low[0], low[1] * min(wish.request_tokens, low[0])) * token_bytes / GIB
        raise _refusal(wish, low, said, need, room * token_bytes / GIB)
    context, requests = chosen
    tokens = min(wish.request_tokens, context)
    mended = dataclasses.replace(wish, context=context, concurrency=requests, request_tokens=tokens)
    return mended, _told(wish, mended, said, [])


def ladder(wish: Wish, low: Tuple[int, int], fits: Callable[[int, int], bool]) -> Optional[Tuple[int, int]]:
    """The first step of the ladder that fits: a shorter context, then fewer requests; None below the floor.

    Each step is the mildest of its kind: a longer context or one more request does not fit.
    """
    least_context, fewest = low
    requests = wish.concurrency
    if not fits(least_context, requests):
        known = _most(fewest, requests, 1, lambda count: fits(least_context, count))
        if known is None:
            return None
        requests = known
    context = _most(least_context, wish.context, STEP, lambda length: fits(length, requests))
    return (context or least_context), requests


def _most(low: int, high: int, step: int, fits: Callable[[int], bool]) -> Optional[int]:
    """The largest number from `low` to `high` that fits, by halves: itself, `low`, or a multiple of `step`."""
    if fits(high):
        return high
    if not fits(low):
        return None
    good, bad = low, high
    while True:
        middle = (good + bad) // 2 // step * step
        middle = middle if middle > good else middle + step
        if middle >= bad:
            return good
        good, bad = (middle, bad) if fits(middle) else (good, middle)


def _there(wish: Wish, failed: Problem, said: Mapping[str, Any], before: Candidate) -> Optional[float]:
    """GiB of cache that there really were on a card; None: the log does not say that they differ from the plan."""
    kind, known = said["kind"], said.get("kv_gib")
    if kind == "context" and said.get("longest"):  # the engine's own count of it is the nearer one
        holds = before.memory.need_gib(1, int(said["longest"]))
        return holds if known is None else min(holds, float(known))
    if kind == "cache":
        return float(known or 0.0)
    if kind == "profile" and wish.engine == "vllm":
        lacking = float(said.get("tried_gib", 0.0)) - float(said.get("free_gib", 0.0))
        return min(0.0, before.memory.budget - failed.total_gib - lacking)
    return None if known is None else float(known)


def _utilization(wish: Wish, failed: Problem, said: Mapping[str, Any]) -> float:
    """The share of the card to ask for: less where others hold some of it, or where the cache filled it."""
    kind, share = said["kind"], failed.utilization
    if kind == "free":
        share = min(share, float(said["free_gib"]) / float(said["total_gib"]))
    elif kind == "graphs" or (kind == "profile" and wish.engine != "vllm"):
        unknown = UNKNOWN_SHARE * failed.total_gib
        lacking = float(said.get("tried_gib", unknown)) - float(said.get("free_gib", 0.0))
        share -= (max(0.0, lacking) + SLACK) / failed.total_gib
    else:
        return share
    return max(0.0, min(failed.utilization - 0.01, math.floor(share * 100) / 100))


def _less(found: Candidate, context: int, utilization: float, before: Candidate, failed: Problem) -> bool:
    """Whether it asks for less than what ended: that is not tried a second time."""
    pairs = (
        (context, failed.context), (found.seqs, before.seqs), (found.batched, before.batched),
        (utilization, failed.utilization), (0, failed.drafted),
    )  # fmt: skip
    return any(now < then for now, then in pairs)


def words(said: Mapping[str, Any]) -> Text:
    """What the engine said, in both languages; a number that it did not give is a question mark."""
    shown = {key: f"{value:g}" if isinstance(value, float) else str(value) for key, value in said.items()}
    kind = str(said["kind"])
    names = {
        "context": ("max_len", "longest", "kv_gib"), "cache": ("kv_gib",), "free": ("free_gib", "total_gib"),
    }.get(kind, ("tried_gib", "free_gib"))  # fmt: skip
    values = {name: shown.get(name, "?") for name in names}
    return say(f"ended_{kind}", **values)


def _told(wish: Wish, mended: Wish, said: Mapping[str, Any], more: Sequence[Tuple[str, Any, Any]]) -> Told:
    """What the plan says of it; nothing where this wish is small enough. `more`: (name, before, now)."""
    changes = [
        ("context", wish.context, mended.context),
        ("concurrency", wish.concurrency, mended.concurrency),
        *more,
    ]
    spelled = ", ".join(f"{name} {old} -> {new}" for name, old, new in changes if old != new)
    if not spelled:
        return Told()
    told, line = words(said), str(said["line"])
    zh = f"上次启动因内存不足结束：{told.zh}"
    en = f"the start before ended for lack of memory: {told.en}"
    return Told([notice("LLM580", said=told, changes=spelled)], [why("healed", spelled, zh, en, line)])


def _refusal(wish: Wish, low: Tuple[int, int], said: Mapping[str, Any], need: float, have: float) -> Refusal:
    need, have = round(max(0.0, need), 2), round(max(0.0, have), 2)
    return Refusal(
        "LLM581",
        model=wish.model_id,
        said=words(said),
        profile=wish.profile,
        context=low[0],
        requests=low[1],
        needed=need,
        there=have,
        need={"kv_gib": need, "context": low[0], "concurrency": low[1]},
        have={"kv_gib": have},
        evidence=[str(said["line"])],
    )
