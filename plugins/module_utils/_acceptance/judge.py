# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict of an acceptance: what was stated and predicted, beside what was measured."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import bilingual

PASS, CONDITIONAL, FAIL = "pass", "conditional", "fail"
ORDER = (PASS, CONDITIONAL, FAIL)
CAUSE = "cause-"  # of a row of the catalogue
Row = Mapping[str, Any]


def worst(verdicts: Sequence[str]) -> str:
    return max(verdicts, key=ORDER.index, default=PASS)


def numbers(stated: Any) -> List[float]:
    return [float(found) for found in re.findall(r"\d+(?:\.\d+)?", str(stated or ""))]


def knee(rows: Sequence[Row], gain: float) -> Optional[int]:
    """The number of requests at once beyond which more of them bring little: the last one worth having.

    `rows`: of one pair of lengths. `gain`: the least share of a proportional rise of tokens/s that still counts.
    None where no step fell short of it, so that the knee lies beyond what was measured.
    """
    ordered = sorted(rows, key=lambda row: int(row["concurrency"]))
    for here, there in zip(ordered, ordered[1:]):
        more = there["concurrency"] / here["concurrency"] - 1
        rise = there["tokens_per_second"] / max(here["tokens_per_second"], 1e-9) - 1
        if rise < gain * more:
            return int(here["concurrency"])
    return None


def figures(rows: Sequence[Row], plan: Row, stated: Row, limits: Row) -> List[Dict[str, Any]]:
    """Each figure as `{key, stated, measured, verdict, text}`.

    `rows`: the measured steps. `plan`: `concurrency` and `predicted` (rows of the plan's speeds). `stated`: the
    profile's own words. `limits`: a row of the catalogue's `acceptance`.
    """
    planned = int(plan["concurrency"])
    at_plan = [row for row in rows if row["concurrency"] == planned]
    found = _failures(rows, float(limits["failed_percent"])) if rows else []
    answered = [row for row in at_plan if row["failed"] < row["requests"]]
    found += [_first_token(row, float(limits["first_token_seconds"])) for row in answered]
    found += _concurrency(at_plan, stated.get("concurrency"), float(limits["failed_percent"]))
    found += _rate(at_plan, stated.get("requests_per_second"), float(limits["near"]))
    found += _predicted(at_plan, plan.get("predicted") or [], float(limits["near"]))
    return found


def _figure(key: str, row: Row, said: Any, measured: Any, verdict: str, zh: str, en: str) -> Dict[str, Any]:
    step = {"prompt": row["prompt"], "answer": row["answer"], "concurrency": row["concurrency"]}
    return {
        "key": key,
        "step": step,
        "stated": said,
        "measured": measured,
        "verdict": verdict,
        "text": bilingual(zh, en),
    }


def _failures(rows: Sequence[Row], most: float) -> List[Dict[str, Any]]:
    """The steps in which too many failed; where there is none, the one that comes nearest stands for all."""
    shares = [(100.0 * row["failed"] / max(1, row["requests"]), row) for row in rows]
    over = [each for each in shares if each[0] > most] or [max(shares, key=lambda each: each[0])]
    found = []
    for share, row in over:
        good = share <= most
        requests = sum(each["requests"] for each in rows) if good else row["requests"]
        failed = sum(each["failed"] for each in rows) if good else row["failed"]
        found.append(_figure(
            "failed_percent", row, most, round(share, 2), PASS if good else FAIL,
            f"{'全部 ' if good else ''}{requests} 个请求中 {failed} 个失败",
            f"{failed} of {'all ' if good else ''}{requests} requests failed",
        ))  # fmt: skip
    return found


def _first_token(row: Row, most: float) -> Dict[str, Any]:
    seconds = row["first_token_ms"]["p90"] / 1000
    verdict = PASS if seconds <= most else CONDITIONAL
    return _figure(
        "first_token_seconds", row, most, round(seconds, 3), verdict,
        f"九成请求在 {seconds:.2f} 秒内得到首个词元",
        f"nine requests in ten got their first token within {seconds:.2f} s",
    )  # fmt: skip


def _concurrency(rows: Sequence[Row], stated: Any, most_failed: float) -> List[Dict[str, Any]]:
    """The stated number of requests at once is carried where that many really ran at once and none was refused."""
    wanted = numbers(stated)
    found = []
    for row in rows if wanted else []:
        held = row["concurrency"] if 100.0 * row["failed"] <= most_failed * row["requests"] else 0
        verdict = PASS if held >= wanted[-1] else CONDITIONAL if held >= wanted[0] else FAIL
        found.append(_figure(
            "concurrency", row, str(stated), held, verdict,
            f"{row['concurrency']} 个请求同时运行", f"{row['concurrency']} requests ran at once",
        ))  # fmt: skip
    return found


def _rate(rows: Sequence[Row], stated: Any, near: float) -> List[Dict[str, Any]]:
    wanted = numbers(stated)
    found = []
    for row in rows if wanted else []:
        measured = row["requests_per_second"]
        verdict = PASS if measured >= wanted[0] else CONDITIONAL if measured >= near * wanted[0] else FAIL
        found.append(_figure(
            "requests_per_second", row, str(stated), round(measured, 2), verdict,
            f"每秒完成 {measured:.2f} 个请求，每个回答 {row['answer']} 词元",
            f"{measured:.2f} requests ended each second, with answers of {row['answer']} tokens",
        ))  # fmt: skip
    return found


def _predicted(rows: Sequence[Row], predicted: Sequence[Row], near: float) -> List[Dict[str, Any]]:
    """Slower than the plan foretold is a finding; it fails no machine, since a prediction is no promise."""
    found = []
    for row in rows:
        told = next((each for each in predicted if each["concurrency"] == row["concurrency"]), None)
        if told is None:
            continue
        low, high = told["total_tokens_per_second"]
        measured = row["tokens_per_second"]
        verdict = PASS if measured >= near * low else CONDITIONAL
        found.append(_figure(
            "tokens_per_second", row, f"{low:g}-{high:g}", round(measured, 1), verdict,
            f"规划预计 {low:g} 至 {high:g} 词元/秒，达到 {near * low:g} 即合格",
            f"the plan foretold {low:g} to {high:g} tokens/s; {near * low:g} are enough",
        ))  # fmt: skip
    return found


def limits_of(catalog: Mapping[str, Row], profile: str) -> Tuple[Dict[str, Any], Dict[str, List[Row]]]:
    """The catalogue's limits for a profile, and the likely causes of each missed figure."""
    limits = {**catalog["default"], **catalog.get(profile, {})}
    causes = {name[len(CAUSE) :]: list(row["texts"]) for name, row in catalog.items() if name.startswith(CAUSE)}
    return limits, causes


def missed(report: Row) -> List[Dict[str, Any]]:
    """What of a report is not passed, as `{key, verdict, text, causes}`."""
    found = [
        {"key": row["key"], "verdict": row["verdict"], "text": row["text"], "causes": row.get("causes", [])}
        for row in report["figures"]
        if row["verdict"] in (CONDITIONAL, FAIL)
    ]
    found += [
        {"key": row["id"], "verdict": row["verdict"], "text": row["name"], "causes": []}
        for row in report["function"]
        if row["verdict"] in (CONDITIONAL, FAIL)
    ]
    quality = report["quality"]
    found += [
        {"key": row.get("key") or row["area"], "verdict": row["verdict"], "text": row["name"], "causes": row["causes"]}
        for row in [*quality["areas"], *quality["signs"]]
        if row["verdict"] in (CONDITIONAL, FAIL)
    ]
    return found
