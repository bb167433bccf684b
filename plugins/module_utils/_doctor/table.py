# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as text for a terminal: a line for each rule that is not well, and one for each host."""

from __future__ import annotations

import unicodedata
from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import printed
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    counted,
    summarize,
)

LANGUAGES = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}
MARKS = {FAIL: "✗", WARN: "!", UNKNOWN: "?", SKIP: "-", PASS: "✓"}
WORDS = {
    FAIL: {"zh": "失败", "en": "fail"},
    WARN: {"zh": "警告", "en": "warn"},
    UNKNOWN: {"zh": "无法判断", "en": "unknown"},
    SKIP: {"zh": "跳过", "en": "skip"},
    PASS: {"zh": "通过", "en": "pass"},
}


def width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def pad(text: str, size: int) -> str:
    return text + " " * max(0, size - width(text))


def say(text: Mapping[str, str], language: str) -> str:
    """A text in the language asked for; both: Chinese / English."""
    return " / ".join(text[key] for key in LANGUAGES.get(language, LANGUAGES["both"]) if text.get(key))


def keys(language: str) -> Sequence[str]:
    return LANGUAGES.get(language, LANGUAGES["both"])


def sentence(result: Mapping[str, Any], key: str) -> str:
    """Title and evidence of a result in one language."""
    return str(result["title"][key] + ("：" if key == "zh" else ": ") + result["evidence"][key])


def table(
    results: Sequence[Mapping[str, Any]], language: str = "both", show_all: bool = False, remedies: bool = True
) -> List[str]:
    """The lines to print; without remedies where a message with those of the failures follows."""
    lines: List[str] = []
    hosts: Dict[str, List[Mapping[str, Any]]] = {}
    for result in results:
        hosts.setdefault(str(result["host"]), []).append(result)
    space = max([width(host) for host in hosts] + [4])
    for rows in hosts.values():
        for result in sorted(rows, key=_order):
            quiet = result["status"] in (PASS, SKIP)
            if show_all or not quiet:
                lines += _entry(result, language, space, remedies or counted(result) != FAIL)
    for host, rows in hosts.items():
        lines.append(f"{pad(host, space)}  {totals(rows, language)}")
    return lines


def _entry(result: Mapping[str, Any], language: str, space: int, remedies: bool) -> List[str]:
    status = counted(result)
    head = f"{MARKS[status]} {result['id']} {pad(str(result['host']), space)} "
    indent = " " * width(head)
    lines = [sentence(result, key) for key in keys(language)]
    if result.get("silenced"):
        lines.append(say({"zh": "已忽略", "en": "silenced"}, language) + ": " + str(result["silenced"]))
    elif status in (FAIL, WARN) and remedies:
        lines += ["→ " + result["fix"][key] for key in keys(language)]
    return [(head if number == 0 else indent) + line for number, line in enumerate(lines)]


def _order(result: Mapping[str, Any]) -> Any:
    return ([FAIL, WARN, UNKNOWN, SKIP, PASS].index(counted(result)), result["id"])


def totals(rows: Sequence[Mapping[str, Any]], language: str) -> str:
    summary = summarize(rows)
    parts = []
    for status in (PASS, WARN, FAIL, UNKNOWN, SKIP):
        parts.append(f"{say(WORDS[status], language)} {summary[status]}")
    if summary["silenced"]:
        parts.append(f"{say({'zh': '其中已忽略', 'en': 'of these silenced'}, language)} {summary['silenced']}")
    return "  ".join(parts)


def failed(results: Sequence[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """Every failure of every host, with its remedy, as a refusal is told."""
    return [
        {
            "rule": result["id"],
            "host": result["host"],
            "reason": {key: sentence(result, key) for key in ("en", "zh")},
            "remedy": result["fix"],
        }
        for result in results
        if counted(result) == FAIL
    ]


def failures(results: Sequence[Mapping[str, Any]], language: str = "both") -> str:
    """The message with which a play fails; empty where nothing failed."""
    return "\n".join(printed(row, languages=keys(language), stops=False) for row in failed(results))
