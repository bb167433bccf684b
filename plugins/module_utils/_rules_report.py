# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as a JSON document and as one web page that needs nothing else, in Chinese and English."""

from __future__ import annotations

import json
import time
from html import escape
from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._rules import (
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
from ansible_collections.yitiji.deepseek.plugins.module_utils._rules_text import MARKS, WORDS

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2430;--line:#d8dde5;--soft:#f3f5f8;--fail:#b3261e;--warn:#9a6700;
--unknown:#6b4fa0;--skip:#6a7482;--pass:#1a7f37}
@media(prefers-color-scheme:dark){:root{--bg:#12161c;--fg:#e4e8ee;--line:#343c48;--soft:#1b212a;--fail:#ff8b82;
--warn:#e3b341;--unknown:#c3a6ff;--skip:#98a2b0;--pass:#57d364}}
body{font:16px/1.5 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;background:var(--bg);color:var(--fg);
max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
table{border-collapse:collapse;width:100%}td,th{border-top:1px solid var(--line);padding:.5rem;text-align:left;
vertical-align:top}th{white-space:nowrap}details{margin-top:.6rem}summary{cursor:pointer;color:var(--skip)}
.s{font-weight:700;white-space:nowrap}.fix{background:var(--soft);border-left:3px solid var(--line);padding:.3rem .6rem;
margin-top:.3rem}
.fail{color:var(--fail)}.warn{color:var(--warn)}.unknown{color:var(--unknown)}.skip{color:var(--skip)}
.pass{color:var(--pass)}
input[name=l]{margin-left:1rem}td:last-child>span,.fix>span{display:block}
#zh:checked~main .en,#en:checked~main .zh{display:none}
"""


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


def both(zh: str, en: str) -> str:
    return f'<span class="zh" lang="zh">{escape(zh)}</span> <span class="en" lang="en">{escape(en)}</span>'


def as_html(report: Mapping[str, Any], language: str = "both") -> str:
    """The web page; the reader chooses the language, `language` is what it opens with."""
    checked = {key: " checked" if key == language else "" for key in ("both", "zh", "en")}
    parts = [
        '<!doctype html><html lang="zh"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{escape(str(report['title']))}</title><style>{STYLE}</style></head><body>",
        f'<input type="radio" name="l" id="both"{checked["both"]}><label for="both">中文 + English</label>',
        f'<input type="radio" name="l" id="zh"{checked["zh"]}><label for="zh">中文</label>',
        f'<input type="radio" name="l" id="en"{checked["en"]}><label for="en">English</label>',
        f"<main><h1>{escape(str(report['title']))}</h1>",
        f"<p>{escape(str(report['time']))} · {escape(str(report['phase']))} · {_counts(report['summary'])}</p>",
    ]
    for host in report["hosts"]:
        rows = [result for result in report["results"] if result["host"] == host]
        parts += _host(str(host), report["hosts"][host], rows)
    parts.append("</main></body></html>\n")
    return "\n".join(parts)


def _counts(summary: Mapping[str, int]) -> str:
    return " · ".join(
        f'<span class="{status}">{both(WORDS[status]["zh"], WORDS[status]["en"])} {summary[status]}</span>'
        for status in (FAIL, WARN, UNKNOWN, PASS, SKIP)
    )


def _host(host: str, summary: Mapping[str, int], rows: Sequence[Mapping[str, Any]]) -> List[str]:
    loud = [row for row in rows if row["status"] not in (PASS, SKIP)]
    quiet = [row for row in rows if row["status"] in (PASS, SKIP)]
    loud.sort(key=lambda row: (STATUSES.index(counted(row)), row["id"]))
    parts = [f"<h2>{escape(host)}</h2><p>{_counts(summary)}</p>"]
    if loud:
        parts += ["<table>", *(_row(row, True) for row in loud), "</table>"]
    if quiet:
        parts.append(f"<details><summary>{both('其余规则', 'the other rules')} ({len(quiet)})</summary><table>")
        parts += [_row(row, False) for row in quiet]
        parts.append("</table></details>")
    return parts


def _row(row: Mapping[str, Any], remedy: bool) -> str:
    status = counted(row)
    text = both(row["title"]["zh"] + "：" + row["evidence"]["zh"], row["title"]["en"] + ": " + row["evidence"]["en"])
    below = ""
    if row.get("silenced"):
        below = f'<div class="fix">{both("已忽略：", "silenced: ")}{escape(str(row["silenced"]))}</div>'
    elif remedy:
        below = f'<div class="fix">{both(row["fix"]["zh"], row["fix"]["en"])}</div>'
    mark = f'<td class="s {status}">{MARKS[status]} {both(WORDS[status]["zh"], WORDS[status]["en"])}</td>'
    return f"<tr>{mark}<th>{escape(str(row['id']))}</th><td>{text}{below}</td></tr>"
