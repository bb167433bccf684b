# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an acceptance as one HTML page in one language, which loads nothing else and prints on A4."""

from __future__ import annotations

from html import escape
from typing import Any, Callable, Mapping, Type

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.form import COLOURS, Block, Cell, Form

STYLE = (
    "body{font:14px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;margin:2em auto;max-width:60em;padding:0 1em;"
    "color:#222;background:#fff}h1{font-size:1.7em;text-align:center}"
    "h2{font-size:1.15em;margin-top:1.6em;border-bottom:2px solid #3b6ea5}"
    "table{border-collapse:collapse;width:100%;margin:.5em 0}td,th{border:1px solid #ccc;padding:.25em .6em;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#f3f5f8;font-weight:600}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}.v{font-weight:700}.wide{overflow-x:auto}"
    "p.v{text-align:center;font-size:1.3em}"
    "svg{max-width:100%;height:auto}.sign td{height:3.2em;width:50%}@page{size:A4;margin:16mm}"
    "@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr,figure,.sign{break-inside:avoid}}"
    "figure{margin:1em 0;max-width:44em}figcaption{color:#555}"
)


def page(report: Mapping[str, Any], language: str, kind: Type[Form] = Form) -> str:
    """The page of a report (`report.document`) for readers of `language` (`zh` or `en`)."""
    form = kind(report, language)
    body = "\n".join(DRAW[block["kind"]](block) for block in form.blocks)
    return (
        f"<!doctype html><html lang={language}><meta charset=utf-8>"
        f"<title>{escape(form.word('title'))} · {escape(report['deployment'])}</title>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<style>{STYLE}</style><body>{body}</body></html>\n"
    )


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return escape(cell)
    return f"<span class=v style='color:{COLOURS[cell[1]]}'>{escape(cell[0])}</span>"


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
    "verdict": lambda block: f"<p class=v style='color:{COLOURS[block['verdict']]}'>{escape(block['text'])}</p>",
    "heading": lambda block: f"<h2>{escape(block['text'])}</h2>",
    "centred": lambda block: f"<p style='text-align:center'>{escape(block['text'])}</p>",
    "text": lambda block: f"<p>{escape(block['text'])}</p>",
    "table": _table,
    "figure": lambda block: f"<figure>{block['svg']}<figcaption>{escape(block['text'])}</figcaption></figure>",
    "sign": _sign,
}
