# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The predicted speeds of a plan as pictures: drawings inside its page, without script, style or address."""

from __future__ import annotations

from html import escape
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import both
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.speed_text import (
    row_line,
    said,
    span,
    speed_lines,
    stated_line,
)

WIDTH, LINE, TOP = 360, 26, 28  # of one picture: as wide as a phone shows it
LEFT, RIGHT = 112, 84  # room for labels and for figures
BAR, CHOSEN, END = "#3b6ea5", "#5aa469", "#b9cde3"
STYLE = (
    ".speeds{display:flex;flex-wrap:wrap;gap:1em}.speeds svg{flex:1 1 20em;min-width:0;max-width:23em;height:auto;"
    "align-self:flex-start}"
    ".met,.possible,.short{border-left:4px solid var(--pass);background:var(--soft);padding:.3em .8em;margin:.3em 0}"
    ".possible{border-color:var(--warn)}.short{border-color:var(--fail)}.speeds text{fill:var(--fg)}"
)
Bar = Tuple[str, Sequence[float], str]  # label, range, colour


def speed_section(plan: Mapping[str, Any]) -> List[str]:
    """The part of the page; nothing for plans of an earlier day."""
    body: List[str] = []
    for served, found in (plan.get("speed") or {}).items():
        told = {"speed": {served: found}}
        zh, en = (speed_lines(told, language)[1].strip().rstrip(":：") for language in ("zh", "en"))
        body.append(f"<h2>{_two('heading')}</h2><p class=two>{both(zh, en)}</p>")
        if not found["predicted"]:
            continue
        body += [
            f"<p class='two {row['verdict']}'>{both(stated_line(row, 'zh'), stated_line(row, 'en'))}</p>"
            for row in found["stated"]
        ]
        body.append(f"<div class=speeds>{''.join(_pictures(plan, served, found))}</div>")
        body.append("<details><summary>" + _two("predicted") + "</summary><ul>" + "".join(
            f"<li class=two>{both(row_line(row, 'zh'), row_line(row, 'en'))}" for row in found["rows"]
        ) + "</ul></details>")  # fmt: skip
    return body


def _two(key: str) -> str:
    return both(said(key, "zh"), said(key, "en"))


def _both(key: str) -> str:
    """Where no part can be hidden."""
    return escape(f"{said(key, 'zh')} / {said(key, 'en')}")


def _spans(key: str) -> str:
    """Within a drawing."""
    zh, en = (escape(said(key, language)) for language in ("zh", "en"))
    return f'<tspan class="zh">{zh}</tspan> <tspan class="en">{en}</tspan>'


def _pictures(plan: Mapping[str, Any], served: str, found: Mapping[str, Any]) -> List[str]:
    kinds = (
        ("each_title", "request_tokens_per_second"),
        ("total_title", "total_tokens_per_second"),
        ("first_title", "first_token_seconds"),
    )
    drawn = [
        picture(
            _both(title),
            [(f"{row['concurrency']} {_spans('concurrency')}", row[key], BAR) for row in found["rows"]],
            _spans(title),
        )
        for title, key in kinds
    ]
    layout = _layout(plan, served)
    if layout and found["alternatives"]:
        bars: List[Bar] = [(f"{_name(layout)} ✓", found["rows"][-1]["total_tokens_per_second"], CHOSEN)]
        bars += [(_name(other["layout"]), other["total_tokens_per_second"], BAR) for other in found["alternatives"]]
        drawn.append(picture(_both("layouts_title"), bars, _spans("layouts_title")))
    return drawn


def _layout(plan: Mapping[str, Any], served: str) -> Optional[Mapping[str, int]]:
    """The layout of the engine that answers for a model."""
    for node in plan["nodes"].values():
        for unit in node["units"]:
            if unit["serves"] and unit["model"]["served_name"] == served:
                layout: Mapping[str, int] = unit["layout"]
                return layout
    return None


def _name(layout: Mapping[str, int]) -> str:
    return "T{tensor} P{pipeline} D{data}".format(**layout)


def picture(title: str, bars: Sequence[Bar], shown: str = "") -> str:
    """Ranges as bars from zero: dark up to the lower end, light up to the upper one. Labels are HTML already."""
    most = max([float(ends[1]) for _label, ends, _colour in bars] or [0.0]) or 1.0
    room = WIDTH - LEFT - RIGHT
    height = TOP + LINE * len(bars) + 4
    parts = [f'<text x="0" y="16" font-size="14" font-weight="bold">{shown or title}</text>']
    for place, (label, ends, colour) in enumerate(bars):
        y = TOP + LINE * place
        low, high = (room * max(0.0, float(end)) / most for end in ends)
        parts.append(
            f'<text x="0" y="{y + 16}" font-size="12">{label}</text>'
            f'<rect x="{LEFT}" y="{y + 4}" width="{high:.1f}" height="16" fill="{END}"/>'
            f'<rect x="{LEFT}" y="{y + 4}" width="{low:.1f}" height="16" fill="{colour}"/>'
            f'<text x="{LEFT + high + 4:.1f}" y="{y + 16}" font-size="12">{span(ends)}</text>'
        )
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">{"".join(parts)}</svg>'
