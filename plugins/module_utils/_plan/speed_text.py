# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The predicted speeds of a plan as lines of its text."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

WORDS: Dict[str, Tuple[str, str]] = {
    "title": (
        "预测速度 {model}（范围，不是承诺；输入 {prompt_tokens} 词元，回答 {answer_tokens} 词元）",
        "predicted speed of {model} (ranges, no promise; prompts of {prompt_tokens} tokens, "
        "answers of {answer_tokens})",
    ),
    "row": (
        "{requests} 并发：首词元 {first} 秒；每请求 {each} 词元/秒；合计 {total} 词元/秒，{rate} 请求/秒",
        "{requests} at once: first token {first} s; each request {each} tokens/s; in all {total} tokens/s, "
        "{rate} requests/s",
    ),
    "none": ("没有 {model} 的预测速度", "no predicted speed of {model}"),
    "stated": ("档位标称", "the profile states"),
    "predicted": ("预测", "predicted"),
    "requests_per_second": ("请求/秒", "requests/s"),
    "concurrency": ("并发", "at once"),
    "met": ("达到", "met"),
    "possible": ("可能达到", "possible"),
    "short": ("达不到", "not met"),
    "alternatives": ("其他布局（方案的并发数时）", "other layouts, at the planned number"),
    "layout": ("TP {tensor} × PP {pipeline} × DP {data}", "TP {tensor} x PP {pipeline} x DP {data}"),
    "other": ("每请求 {each} 词元/秒，合计 {total} 词元/秒", "each request {each} tokens/s, in all {total} tokens/s"),
    "each_title": ("每请求（词元/秒）", "each request, tokens/s"),
    "total_title": ("合计（词元/秒）", "in all, tokens/s"),
    "first_title": ("首词元（秒）", "first token, s"),
    "layouts_title": ("各布局合计（词元/秒；✓ 已选）", "layouts (✓ chosen)"),
    "heading": ("预测速度", "predicted speed"),
}  # fmt: skip


def said(key: str, language: str) -> str:
    """A word in one language (`zh` or `en`)."""
    return WORDS[key][0 if language == "zh" else 1]


def span(ends: Sequence[float]) -> str:
    """A range for people."""
    low, high = (f"{end:,.0f}" if end >= 100 else f"{end:g}" for end in ends)
    return low if low == high else f"{low}-{high}"


def speed_lines(plan: Mapping[str, Any], language: str) -> List[str]:
    """The lines; none for plans of an earlier day."""
    lines: List[str] = []
    stop = "：" if language == "zh" else ": "
    for served, found in (plan.get("speed") or {}).items():
        if not found["predicted"]:
            lines += ["", f"  {said('none', language).format(model=served)}{stop}{found['reason'][language]}"]
            continue
        lines += ["", f"  {said('title', language).format(model=served, **found)}{stop.rstrip()}"]
        lines += ["    " + row_line(row, language) for row in found["rows"]]
        lines += ["    " + stated_line(row, language) for row in found["stated"]]
        if found["alternatives"]:
            lines.append(f"    {said('alternatives', language)}{stop.rstrip()}")
        lines += [
            f"      {said('layout', language).format(**other['layout'])}{stop}"
            + said("other", language).format(
                each=span(other["request_tokens_per_second"]), total=span(other["total_tokens_per_second"])
            )
            for other in found["alternatives"]
        ]
    return lines


def row_line(row: Mapping[str, Any], language: str) -> str:
    """One number of requests."""
    return said("row", language).format(
        requests=row["concurrency"], first=span(row["first_token_seconds"]),
        each=span(row["request_tokens_per_second"]), total=span(row["total_tokens_per_second"]),
        rate=span(row["requests_per_second"]),
    )  # fmt: skip


def stated_line(row: Mapping[str, Any], language: str) -> str:
    """A figure of the profile beside the prediction, and the verdict."""
    comma, stop = ("，", "：") if language == "zh" else (", ", ": ")
    predicted = "" if row["key"] == "concurrency" else f"{comma}{said('predicted', language)} {span(row['predicted'])}"
    return (
        f"{said('stated', language)} {row['stated']} {said(row['key'], language)}{predicted}"
        f" → {said(row['verdict'], language)}{stop}{row['text'][language]}"
    )
