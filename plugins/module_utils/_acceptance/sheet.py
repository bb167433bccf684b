# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an acceptance as a PDF for the archive (PDF/A-2b), its font embedded, made by Typst without a network.

Why Typst: docs/decisions/18-pdf.md. What a report holds reaches it as data, never as its language.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import tempfile
from pathlib import Path
from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.form import COLOURS, Form
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import Vendor
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run

SECONDS = 120  # a report of two pages takes less than one
ACROSS = 90  # letters without a gap that a page holds; what a column can't hold may break anywhere
# Runs in the environment that has both packages; the font package only holds files.
PROGRAM = """
import importlib.util, json, os, sys, typst
given = json.load(sys.stdin)
fonts = os.path.dirname(importlib.util.find_spec("pylopdf_fonts_zh_cn").origin)
typst.compile(
    {"main": given["source"].encode(), "report.json": json.dumps(given["report"]).encode()}, output=given["to"],
    font_paths=[fonts], ignore_system_fonts=True, pdf_standards=["a-2b"],
)
"""
SOURCE = """
#let it = json("report.json")
#let ink(key) = rgb(it.colours.at(key))
#set document(title: it.title)
#set page(paper: "a4", margin: (x: 16mm, top: 16mm, bottom: 18mm), footer: context text(7.5pt, fill: luma(90))[
  #it.title · #it.number #h(1fr) #counter(page).display("1 / 1", both: true)])
#set text(font: "Noto Sans SC", size: 9pt, lang: it.language, region: if it.language == "zh" { "cn" } else { "gb" })
#set table(stroke: 0.4pt + luma(170), inset: (x: 4pt, y: 3.5pt))
#show heading: set text(11.5pt, weight: "regular", fill: rgb("#1f4e79"))
#show heading: set block(above: 14pt, below: 7pt)
#show table.cell: set text(8pt)
#set table.cell(breakable: false)
#show table.cell: set par(justify: false, leading: 0.5em)
#let plain(said, most) = said.replace(
  regex("[!-,.-~]{" + str(most + 1) + ",}"), found => found.text.clusters().join("\\u{200B}"))
#let cell(value, share) = if type(value) == str { plain(value, calc.floor(share * it.across)) } else {
  text(fill: ink(value.at(1)), value.at(0)) }
#if it.by.name + it.by.logo != "" {
  grid(columns: (auto, 1fr), gutter: 6pt, align: horizon,
    if it.by.logo != "" { image(bytes(it.by.bytes), format: it.by.logo, height: 9mm) }, strong(it.by.name))
  line(length: 100%, stroke: 1.5pt + rgb(it.by.color))
}
#for part in it.blocks {
  if part.kind == "title" { align(center, text(18pt, part.text)) }
  else if part.kind == "verdict" { align(center, text(13pt, fill: ink(part.verdict), part.text)) }
  else if part.kind == "heading" { heading(part.text) }
  else if part.kind == "text" { block(sticky: true, part.text) }
  else if part.kind == "centred" { align(center, part.text) }
  else if part.kind == "figure" {
    grid(columns: (1fr, 1fr), gutter: 10pt, ..part.each.map(it => block(breakable: false)[
      #image(bytes(it.svg), format: "svg", alt: it.text) #v(-6pt) #text(8pt, fill: luma(80), it.text)]))
  } else if part.kind == "table" {
    table(columns: part.widths.map(x => x * 1fr),
      align: (x, y) => if x in part.numeric and y > 0 { right } else { left },
      fill: (x, y) => if y == 0 { luma(240) },
      table.header(..part.head), ..part.rows.map(row => row.enumerate().map(
        ((at, value)) => cell(value, part.widths.at(at) / part.widths.sum()))).flatten())
  } else if part.kind == "sign" {
    block(breakable: false, table(columns: (1fr, 1fr),
      ..part.sides, ..part.fields.map(x => (table.cell(inset: (y: 9pt), x),) * 2).flatten(),
      table.cell(colspan: 2, inset: (y: 9pt), part.choice),
      table.cell(colspan: 2, block(height: 22mm, part.left))))
  }
}
"""


def sheet(report: Mapping[str, Any], language: str, python: str, vendor: Vendor = None) -> bytes:
    """The PDF. `python`: of the environment with Typst and the font; refused with what it said (LLM871)."""
    form = Form(report, language)
    blocks: List[Mapping[str, Any]] = []
    for kind, group in itertools.groupby(form.blocks, lambda block: block["kind"]):
        each = list(group)
        blocks += [{"kind": kind, "each": each}] if kind == "figure" else each
    shown = {
        "title": form.word("title"),
        "number": report["number"],
        "language": language,
        "colours": COLOURS,
        "across": ACROSS,
        "blocks": blocks,
        "by": _by(vendor or {}),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report.pdf")
        given = json.dumps({"source": SOURCE, "report": shown, "to": path})
        try:
            said = run([python, "-I", "-c", PROGRAM], SECONDS, given).stderr
        except FileNotFoundError as error:
            said = str(error)
        if not os.path.exists(path):
            raise Refusal("LLM871", python=python, detail=said.strip()[-800:])
        return Path(path).read_bytes()


def _by(vendor: Mapping[str, str]) -> Mapping[str, Any]:
    """Whose product it is, as Typst takes it: the logo's kind and its bytes."""
    head, _mark, content = (vendor.get("logo") or "").partition(";base64,")
    kind = {"data:image/png": "png", "data:image/jpeg": "jpg", "data:image/svg+xml": "svg"}.get(head, "")
    return {
        "name": vendor.get("name") or "", "color": vendor.get("color") or "#3b6ea5", "logo": kind,
        "bytes": list(base64.b64decode(content)),
    }  # fmt: skip
