# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A soak: its slices, and how what it showed is judged.

A slice is a row of `generator.row` with `began` and, by host, what `sample.watch` saw in `nodes`.
"""

from __future__ import annotations

import statistics
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.load import Step
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import notice

SHORTEST, LONGEST, MANY = 60, 1800, 60  # seconds, seconds, slices
SPARE = 1.5  # times the prompts that the speed steps let expect: a prompt that comes twice is cached
USUAL_RATE = 1.0  # requests a second of each place, where no speed was measured
# Reasons to slow down that are a fault of the machine room or the machine; a power limit that is reached is none.
SLOWED = ("hw_slowdown", "hw_thermal_slowdown", "sw_thermal_slowdown", "hw_power_brake_slowdown")
Row = Mapping[str, Any]
Figures = List[Dict[str, Any]]


def slices(minutes: float) -> Tuple[int, int]:
    """How many, and seconds of each: sixty of a soak, none under a minute, none over half an hour."""
    seconds = min(max(SHORTEST, int(minutes) * 60 / MANY), LONGEST)
    return (max(1, round(minutes * 60 / seconds)), int(min(seconds, minutes * 60))) if minutes > 0 else (0, 0)


def step(pair: Tuple[int, int], planned: int, seconds: int, speed: Sequence[Row]) -> Step:
    """What a slice asks, with prompts enough for the speed that was measured."""
    known = [row["requests_per_second"] for row in speed if row["concurrency"] == planned]
    rate = max(known, default=0.0) or USUAL_RATE * planned
    return Step(pair[0], pair[1], planned, int(rate * seconds * SPARE) + 2 * planned, 0, seconds)


def figures(soak: Row, limits: Row) -> Figures:
    """Each figure as `judge.figures` has it, with its rule and what to do. `soak`: of a report."""
    rows = soak.get("slices") or []
    found = _others(soak, rows)
    if rows:
        found += [_failed(rows, limits), *_drift(rows, limits), *_memory(rows, limits), *_runs(rows)]
        for host in rows[0]["nodes"]:
            seen = [row["nodes"][host] for row in rows if host in row["nodes"]]
            found += [*_cards(host, seen), *_counters(host, seen, limits)]
    if soak.get("restart"):
        found.append(_restart(soak["restart"], limits))
    place = {"prompt": soak.get("prompt"), "answer": soak.get("answer"), "concurrency": soak.get("concurrency")}
    return [{**each, "step": place} for each in found]


def figure(told: Row, key: str, said: Any, measured: Any, good: bool, bad: str = "conditional") -> Dict[str, Any]:
    return {
        "key": key, "rule": told["id"], "stated": said, "measured": measured, "verdict": "pass" if good else bad,
        "text": {"zh": told["zh"], "en": told["en"]}, "remedy": told["remedy"],
    }  # fmt: skip


def _others(soak: Row, rows: Sequence[Row]) -> Figures:
    """Requests that were not ours, before or most of a slice: what was measured suffers from them."""
    if soak.get("others") is None:
        return []
    most = [(seen["requests"] or 0, host) for row in rows for host, seen in row["nodes"].items()]
    extra, host = max([(count - soak["concurrency"], host) for count, host in most], default=(0, "-"))
    others = max(int(soak["others"]), extra)
    return [figure(notice("LLM857", requests=others, node=host), "others", 0, others, others == 0)]


def _failed(rows: Sequence[Row], limits: Row) -> Dict[str, Any]:
    failed, asked = sum(row["failed"] for row in rows), sum(row["requests"] for row in rows)
    share = round(100.0 * failed / max(1, asked), 2)
    good = share <= limits["failed_percent"] and asked > 0
    worst = max(rows, key=lambda row: float(row["failed"]))
    told = notice(
        "LLM858", failed=failed, requests=asked, errors="".join(": " + error for error in worst["errors"][:1])
    )
    return figure(told, "soak_failed_percent", limits["failed_percent"], share, good, "fail")


def _thirds(values: Sequence[float]) -> Optional[Tuple[float, float]]:
    """The medians of the first and the last third; the first slice, in which caches fill, counts only where few are."""
    rest = values[1:] if len(values) > 3 else values
    size = max(1, len(rest) // 3)
    return (statistics.median(rest[:size]), statistics.median(rest[-size:])) if len(rest) > 1 else None


def _drift(rows: Sequence[Row], limits: Row) -> Figures:
    ends = _thirds([row["latency_ms"]["p50"] for row in rows if row["latency_ms"]["p50"]])
    if ends is None:
        return []
    percent = round(100 * (ends[1] / ends[0] - 1), 1)
    told = notice("LLM859", before=round(ends[0]), after=round(ends[1]))
    return [figure(told, "soak_drift", limits["drift_percent"], percent, percent <= limits["drift_percent"])]


def _memory(rows: Sequence[Row], limits: Row) -> Figures:
    found = []
    for host in rows[0]["nodes"]:
        for key in ("engine_bytes", "node_bytes"):
            values = [row["nodes"][host][key] for row in rows if host in row["nodes"]]
            ends = _thirds([value for value in values if value])
            if ends is None:
                continue
            percent = round(100 * (ends[1] / ends[0] - 1), 1)
            most = limits["memory_growth_percent"]
            told = notice("LLM860", node=host, before=f"{ends[0] / 2**30:.2f}", after=f"{ends[1] / 2**30:.2f}")
            found.append(figure(told, "soak_" + key, most, percent, percent <= most))
    return found


def _runs(rows: Sequence[Row]) -> Figures:
    """A start that nobody asked for, within a slice or between two."""
    found = []
    for host in rows[0]["nodes"]:
        seen = [row["nodes"][host] for row in rows if host in row["nodes"]]
        states = [each[when]["runs"] for each in seen for when in ("before", "after")]
        starts = sum(one != other for one, other in zip(states, states[1:]))
        told = notice("LLM861", node=host, starts=starts)
        found.append(figure(told, "soak_starts", 0, starts, starts == 0, "fail"))
    return found


def _cards(host: str, seen: Sequence[Row]) -> Figures:
    found: Figures = []
    for cards in zip(*(each["gpus"] for each in seen)):
        card = f"{host}, {cards[0]['name']} {cards[0]['index']}"
        slowed = sorted({reason for each in cards for reason in each["slowed"] if reason in SLOWED})
        degrees = max((each["degrees"][1] for each in cards if each["degrees"]), default=None)
        told = notice("LLM862", card=card, degrees=degrees, reasons=slowed or ["-"])
        found.append(figure(told, "card_slowed", 0, len(slowed), not slowed))
        errors = _rise([each["uncorrected"] for each in cards])
        if errors is not None:
            told = notice("LLM863", card=card, errors=errors)
            found.append(figure(told, "card_errors", 0, errors, errors == 0, "fail"))
        widest = [max((each[key] or 0 for each in cards), default=0) for key in ("link_width", "link_gen")]
        most = [cards[0][key + "_max"] for key in ("link_width", "link_gen")]
        if all(most) and all(widest):
            replays = _rise([each["replays"] for each in cards])
            link, rated = (f"x{width} gen {gen}" for width, gen in (widest, most))
            told = notice("LLM864", card=card, link=link, rated=rated, replays=replays)
            good = all(here >= there for here, there in zip(widest, most)) and not replays
            found.append(figure(told, "card_link", rated, link, good))
    return found


def _rise(pairs: Sequence[Optional[Sequence[int]]]) -> Optional[int]:
    """From the first counter to the last one; None where the card counts nothing."""
    known = [pair for pair in pairs if pair]
    return max(0, known[-1][1] - known[0][0]) if known else None


def _counters(host: str, seen: Sequence[Row], limits: Row) -> Figures:
    first, last = seen[0]["before"], seen[-1]["after"]
    found: Figures = []

    def share(part: str, whole: str) -> float:
        return round(100.0 * max(0, int(last[part] - first[part])) / max(1, int(last[whole] - first[whole])), 2)

    if None not in (first["xid"], last["xid"]):
        faults = max(0, last["xid"] - first["xid"])
        found.append(figure(notice("LLM863", card=host, errors=faults), "card_xid", 0, faults, faults == 0, "fail"))
    held, most = share("cpu_held", "cpu_periods"), limits["cpu_held_percent"]
    found.append(figure(notice("LLM865", node=host, percent=held), "cpu_held", most, held, held <= most))
    again, most = share("sent_again", "sent"), limits["sent_again_percent"]
    found.append(figure(notice("LLM866", node=host, percent=again), "sent_again", most, again, again <= most))
    return found


def _restart(row: Row, limits: Row) -> Dict[str, Any]:
    seconds, most = row["seconds"], limits["restart_seconds"]
    said = f"> {row['waited']}" if seconds is None else seconds
    told = notice("LLM867", seconds=said, lost=row["lost"], at_once=row["at_once"])
    bad = "fail" if seconds is None else "conditional"
    return figure(told, "restart_seconds", most, seconds, seconds is not None and seconds <= most, bad)
