# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as a JSON document and as one web page that loads nothing else, in Chinese and English."""

from __future__ import annotations

import json
import time
from html import escape
from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import CLOSED, Vendor, both, opened
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    FAIL,
    PASS,
    SKIP,
    STATUSES,
    UNKNOWN,
    WARN,
    counted,
    exit_code,
    summarize,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.table import MARKS, WORDS

STYLE = """
.counts{width:auto;table-layout:auto}.counts th,.counts td{border:0;padding:.15rem 1.2rem .15rem 0;white-space:nowrap}
.counts td{font-variant-numeric:tabular-nums}.zero{color:var(--dim)}
.s{width:9.5rem;font-weight:700}.i{width:5.2rem;font-weight:700}
.title{font-weight:700}.fix{background:var(--soft);border-left:3px solid var(--line);padding:.3rem .6rem}
.fix{margin-top:.3rem}
@media(max-width:40rem){.s{width:5.5rem}.s .en{display:none}
.counts th,.counts td{padding-right:.5rem;white-space:normal}}
"""
PHASES = {
    "pre": {"zh": "改动之前", "en": "before anything is changed"},
    "post": {"zh": "安装之后", "en": "after an installation"},
    "run": {"zh": "运行中", "en": "at any time"},
}


def document(title: str, phase: str, results: Sequence[Mapping[str, Any]], epoch: float) -> Dict[str, Any]:
    """The report as data."""
    hosts = sorted({str(result["host"]) for result in results})
    return {
        "schema": 1,
        "title": title,
        "phase": phase,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)),
        "exit_code": exit_code(results),
        "summary": summarize(results),
        "hosts": {host: summarize([r for r in results if r["host"] == host]) for host in hosts},
        "results": [dict(result) for result in results],
    }


def as_json(report: Mapping[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False, indent=1) + "\n"


def as_html(report: Mapping[str, Any], language: str = "both", pages: str = "", vendor: Vendor = None) -> str:
    """The web page, at first in `language`, which readers can change. `pages`: where rules are explained."""
    phase = PHASES[str(report["phase"])]
    parts = [
        opened(str(report["title"]), language, STYLE, vendor=vendor),
        f"<h1>{both('节点检查报告', 'Report of the doctor')}</h1>",
        f'<p class="dim">{escape(str(report["title"]))} · {escape(str(report["time"]))} · {both(**phase)}</p>',
        _verdict(report),
        _hosts(report["hosts"]),
    ]
    for host in report["hosts"]:
        parts += _host(str(host), [result for result in report["results"] if result["host"] == host], pages)
    return "\n".join(parts) + "\n" + CLOSED


def _verdict(report: Mapping[str, Any]) -> str:
    summary = report["summary"]
    sick = [host for host, counts in report["hosts"].items() if counts[FAIL]]
    if sick:
        names = ", ".join(sick[:8]) + (" …" if len(sick) > 8 else "")
        text = both(f"{summary[FAIL]} 项失败：{names}", f"{summary[FAIL]} failed: {names}")
        return f'<p class="verdict two fail">{text}</p>'
    if report["exit_code"]:
        zh = f"没有失败；{summary[WARN]} 项警告，{summary[UNKNOWN]} 项无法判断"
        en = f"no failure; {summary[WARN]} warnings, {summary[UNKNOWN]} unknown"
        return f'<p class="verdict two warn">{both(zh, en)}</p>'
    return f'<p class="verdict two pass">{both("全部正常", "all well")}</p>'


def _hosts(hosts: Mapping[str, Mapping[str, int]]) -> str:
    """A line for each host, with a link to its results."""
    shown = (FAIL, WARN, UNKNOWN, PASS, SKIP)
    head = "".join(f'<th class="{s}">{both(WORDS[s]["zh"], WORDS[s]["en"])}</th>' for s in shown)
    rows = []
    for host, counts in hosts.items():
        cells = "".join(f'<td class="{s if counts[s] else "zero"}">{counts[s]}</td>' for s in shown)
        rows.append(f'<tr><th><a href="#{escape(host, quote=True)}">{escape(host)}</a></th>{cells}</tr>')
    return f'<table class="counts"><tr><th></th>{head}</tr>{"".join(rows)}</table>'


def _host(host: str, rows: Sequence[Mapping[str, Any]], pages: str) -> List[str]:
    loud = [row for row in rows if row["status"] not in (PASS, SKIP)]
    quiet = [row for row in rows if row["status"] in (PASS, SKIP)]
    loud.sort(key=lambda row: (STATUSES.index(counted(row)), row["id"]))
    parts = [f'<h2 id="{escape(host, quote=True)}">{escape(host)}</h2>']
    if loud:
        parts += ["<table>", *(_row(row, pages) for row in loud), "</table>"]
    if quiet:
        many = len(quiet)
        words = both(f"通过与不适用的规则（{many}）", f"rules that pass or do not apply ({many})")
        parts.append(f"<details><summary>{words}</summary><table>")
        parts += [_row(row, pages) for row in quiet]
        parts.append("</table></details>")
    return parts


def _row(row: Mapping[str, Any], pages: str) -> str:
    status = counted(row)
    title = f'<div class="title">{both(row["title"]["zh"], row["title"]["en"])}</div>'
    text = f'<div class="two">{both(row["evidence"]["zh"], row["evidence"]["en"])}</div>'
    below = ""
    if row.get("silenced"):
        below = f'<div class="fix">{both("已忽略，原因：", "silenced, because: ")} {escape(str(row["silenced"]))}</div>'
    elif status in (FAIL, WARN):
        below = f'<div class="fix two">{both("→ " + row["fix"]["zh"], "→ " + row["fix"]["en"])}</div>'
        if row.get("why"):
            why = f'<div class="two">{both(row["why"]["zh"], row["why"]["en"])}</div>'
            below += f"<details><summary>{both('为什么', 'why')}</summary>{why}</details>"
    mark = f'<td class="s {status}">{MARKS[status]} {both(WORDS[status]["zh"], WORDS[status]["en"])}</td>'
    name = escape(str(row["id"]))
    number = f'<a href="{escape(pages, quote=True)}{name}">{name}</a>' if pages else name
    return f'<tr>{mark}<td class="i">{number}</td><td>{title}{text}{below}</td></tr>'
