# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one web page in both languages, which loads nothing else."""

from __future__ import annotations

from html import escape
from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import CLOSED, Vendor, both, opened
from ansible_collections.yitiji.deepseek.plugins.module_utils._compliance.judge import MET, OPEN, SITE, STATES, UNSHOWN

MOST = 4000  # characters of an answer
STYLE = ".n{width:6.5rem;font-weight:700}.s{width:7.5rem;font-weight:700}pre{margin:.2rem 0;padding:.4rem}"
WORDS = {
    MET: ("符合", "met"),
    OPEN: ("不符合", "open"),
    UNSHOWN: ("此处无法出示", "not to be shown here"),
    SITE: ("现场承担", "the site's own"),
}
KINDS = {MET: "pass", OPEN: "fail", UNSHOWN: "unknown", SITE: "skip"}


def page(report: Mapping[str, Any], language: str, vendor: Vendor = None) -> str:
    """The page of `report`: what `judge.verdict` found, with `host` and `time`."""
    counts = report["counts"]
    kind = "fail" if counts[OPEN] else "pass"
    told = "；".join(f"{WORDS[state][0]} {counts[state]}" for state in STATES)
    said = "; ".join(f"{WORDS[state][1]} {counts[state]}" for state in STATES)
    return "\n".join(
        [
            opened(f"{report['standard']} · {report['host']}", language, STYLE, vendor=vendor),
            f'<h1>{escape(report["host"])} · {report["standard"]}</h1><p class="dim">{report["time"]}</p>',
            f'<p class="verdict two {kind}">{both(told, said)}</p>',
            f'<p class="dim two">{both(*SAID)}</p>',
            *_table(report["controls"]),
            "<h2>CIS Docker Benchmark 1.6.0</h2>",
            *_table(report["docker"]),
            CLOSED,
        ]
    )


SAID = (
    "措辞与检查口径是本项目的理解，以标准原文和测评机构为准。",
    "The words and what counts as an answer are our reading; the standard and the assessor decide.",
)


def _table(rows: List[Mapping[str, Any]]) -> List[str]:
    return ["<table>", *map(_row, rows), "</table>"]


def _two(text: str) -> str:
    chinese, slash, english = text.partition(" / ")
    return both(chinese, english) if slash else both(text, text)


def _row(row: Mapping[str, Any]) -> str:
    note = f'<p class="dim two">{_two(row["note"])}</p>' if row["note"] else ""
    state, shown = row["state"], "".join(map(_check, row["checks"]))
    return (
        f'<tr><td class="n">{row["number"]}<td class="s two {KINDS[state]}">{both(*WORDS[state])}'
        f'<td><div class="two">{_two(row["what"])}</div>{note}{shown}</tr>'
    )


def _check(one: Mapping[str, Any]) -> str:
    opened_ = " open" if one["state"] == OPEN else ""
    fix = f'<p class="fail">→ <code>{escape(one["fix"])}</code></p>' if one["state"] == OPEN else ""
    why = f'<p class="two unknown">{_two(one["why"])}</p>' if one["why"] else ""
    wanted = " · ".join([*one["want"], *("≠ " + text for text in one["never"])])
    return (
        f'<details{opened_}><summary class="{KINDS[one["state"]]}">{escape(one["name"])}</summary>{why}{fix}'
        f"<pre># {escape(one['run'])}\n{escape(one['said'][:MOST])}</pre>"
        f'<p class="dim">{both("应为", "expected")}: <code>{escape(wanted)}</code></p></details>'
    )
