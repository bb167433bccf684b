# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as a JSON document and as one web page that loads nothing else, in Chinese and English."""

from __future__ import annotations

import json
import time
from html import escape
from typing import Any, Dict, List, Mapping, Sequence

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
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2430;--line:#d8dde5;--soft:#f3f5f8;--dim:#5c6675;--fail:#b3261e;
--warn:#8a5a00;--unknown:#6b4fa0;--skip:#5c6675;--pass:#1a7f37}
@media(prefers-color-scheme:dark){:root{--bg:#12161c;--fg:#e4e8ee;--line:#343c48;--soft:#1b212a;--dim:#98a2b0;
--fail:#ff8b82;--warn:#e3b341;--unknown:#c3a6ff;--skip:#98a2b0;--pass:#57d364}}
body{font:16px/1.5 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;background:var(--bg);color:var(--fg);
max-width:70rem;margin:1.5rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:1rem 0 .2rem}h2{font-size:1.15rem;margin:2.2rem 0 .4rem}a{color:inherit}
p{margin:.3rem 0}.dim,summary{color:var(--dim)}summary{cursor:pointer}details{margin-top:.6rem}
.verdict{border-left:6px solid;background:var(--soft);padding:.6rem .9rem;margin:.8rem 0;font-weight:700}
table{border-collapse:collapse;width:100%;table-layout:fixed}td,th{border-top:1px solid var(--line);padding:.5rem;
text-align:left;vertical-align:top;overflow-wrap:break-word}
.counts{width:auto;table-layout:auto}.counts th,.counts td{border:0;padding:.15rem 1.2rem .15rem 0;white-space:nowrap}
.counts td{font-variant-numeric:tabular-nums}.zero{color:var(--dim)}
.s{width:9.5rem;font-weight:700}.i{width:5rem;font-weight:700}
.title{font-weight:700}.fix{background:var(--soft);border-left:3px solid var(--line);padding:.3rem .6rem}
.fail{color:var(--fail)}.warn{color:var(--warn)}.unknown{color:var(--unknown)}.skip{color:var(--skip)}
.pass{color:var(--pass)}.fix{margin-top:.3rem}
input[name=l]{margin-left:1rem}input[name=l]:first-of-type{margin-left:0}.two>span{display:block}
#zh:checked~main .en,#en:checked~main .zh{display:none}
@media(max-width:40rem){.s{width:5.5rem}.s .en{display:none}.i{width:4.2rem}}
@media print{input,label{display:none}details>*{display:block}body{margin:0}tr{break-inside:avoid}}
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


def both(zh: str, en: str) -> str:
    return f'<span class="zh" lang="zh">{escape(zh)}</span> <span class="en" lang="en">{escape(en)}</span>'


def as_html(report: Mapping[str, Any], language: str = "both") -> str:
    """The web page; readers can change the language, `language` is the first one."""
    checked = {key: " checked" if key == language else "" for key in ("both", "zh", "en")}
    phase = PHASES[str(report["phase"])]
    parts = [
        '<!doctype html><html lang="zh"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{escape(str(report['title']))}</title><style>{STYLE}</style></head><body>",
        f'<input type="radio" name="l" id="both"{checked["both"]}><label for="both">中文 + English</label>',
        f'<input type="radio" name="l" id="zh"{checked["zh"]}><label for="zh">中文</label>',
        f'<input type="radio" name="l" id="en"{checked["en"]}><label for="en">English</label>',
        f"<main><h1>{both('节点检查报告', 'Report of the doctor')}</h1>",
        f'<p class="dim">{escape(str(report["title"]))} · {escape(str(report["time"]))} · {both(**phase)}</p>',
        _verdict(report),
        _hosts(report["hosts"]),
    ]
    for host in report["hosts"]:
        parts += _host(str(host), [result for result in report["results"] if result["host"] == host])
    parts.append("</main></body></html>\n")
    return "\n".join(parts)


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


def _host(host: str, rows: Sequence[Mapping[str, Any]]) -> List[str]:
    loud = [row for row in rows if row["status"] not in (PASS, SKIP)]
    quiet = [row for row in rows if row["status"] in (PASS, SKIP)]
    loud.sort(key=lambda row: (STATUSES.index(counted(row)), row["id"]))
    parts = [f'<h2 id="{escape(host, quote=True)}">{escape(host)}</h2>']
    if loud:
        parts += ["<table>", *(_row(row) for row in loud), "</table>"]
    if quiet:
        words = both("通过与不适用的规则", "rules that pass or do not apply")
        parts.append(f"<details><summary>{words} ({len(quiet)})</summary><table>")
        parts += [_row(row) for row in quiet]
        parts.append("</table></details>")
    return parts


def _row(row: Mapping[str, Any]) -> str:
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
    return f'<tr>{mark}<td class="i">{escape(str(row["id"]))}</td><td>{title}{text}{below}</td></tr>'
