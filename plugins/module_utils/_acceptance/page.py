# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an acceptance as one HTML page in one language, which loads nothing else and prints on A4."""

from __future__ import annotations

from html import escape
from typing import Any, Callable, Mapping, Type

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.form import Block, Cell, Form
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import CLOSED, Vendor, begun

# A verdict has the colour that the doctor's reports give its like.
KINDS = {"pass": "pass", "conditional": "warn", "fail": "fail", "skipped": "skip"}
STYLE = (
    "h1,.c{text-align:center}h2{border-bottom:2px solid #3b6ea5}table{margin:.5em 0}"
    "td,th{border:1px solid var(--line);padding:.25em .6em;overflow-wrap:anywhere}th{background:var(--soft)}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}.v{font-weight:700}p.v{text-align:center;font-size:1.3em}"
    ".sign td{height:3.2em;width:50%}figure{margin:1em 0;max-width:44em;background:#fff}svg{max-width:100%}"
    "figcaption{color:#555}@media screen and (max-width:48rem){.wide{overflow-x:auto}"
    ".wide table:has(th:nth-child(3)){min-width:40rem}}"
)


def page(report: Mapping[str, Any], language: str, kind: Type[Form] = Form, vendor: Vendor = None) -> str:
    """The page of a report (`report.document`) for readers of `language` (`zh` or `en`)."""
    form = kind(report, language)
    title = f"{form.word('title')} · {report['deployment']}"
    body = "\n".join(DRAW[block["kind"]](block) for block in form.blocks)
    return f"{begun(title, language, STYLE, vendor=vendor)}<main>{body}{CLOSED}"


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return escape(cell)
    return f"<span class='v {KINDS[cell[1]]}'>{escape(cell[0])}</span>"


def _table(block: Block) -> str:
    whole = sum(block["widths"])
    head = "".join(
        f"<th style='width:{100 * width // whole}%'>{escape(cell)}"
        for width, cell in zip(block["widths"], block["head"])
    )
    lines = [f"<thead><tr>{head}</thead>"]
    for row in block["rows"]:
        cells = (f"<td{' class=n' if at in block['numeric'] else ''}>{_cell(cell)}" for at, cell in enumerate(row))
        lines.append("<tr>" + "".join(cells))
    return "<div class=wide><table>" + "".join(lines) + "</table></div>"


def _sign(block: Block) -> str:
    rows = [block["sides"], *([field, field] for field in block["fields"])]
    cells = "".join("<tr>" + "".join(f"<td>{escape(cell)}" for cell in row) for row in rows)
    last = f"<tr><td colspan=2>{escape(block['choice'])}<tr><td colspan=2 style='height:6em'>{escape(block['left'])}"
    return f"<table class=sign>{cells}{last}</table>"


DRAW: Mapping[str, Callable[[Block], str]] = {
    "title": lambda block: f"<h1>{escape(block['text'])}</h1>",
    "verdict": lambda block: f"<p class='v {KINDS[block['verdict']]}'>{escape(block['text'])}</p>",
    "heading": lambda block: f"<h2>{escape(block['text'])}</h2>",
    "centred": lambda block: f"<p class=c>{escape(block['text'])}</p>",
    "text": lambda block: f"<p>{escape(block['text'])}</p>",
    "table": _table,
    "figure": lambda block: f"<figure>{block['svg']}<figcaption>{escape(block['text'])}</figcaption></figure>",
    "sign": _sign,
}
