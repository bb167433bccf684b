# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as a document for customers: one HTML page that loads nothing else, in Chinese and English."""

from __future__ import annotations

from html import escape
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import (
    independent,
    placed_units,
    serving_units,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import CLOSED, Vendor, both, opened
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import (
    PARTS,
    SHORT,
    facts,
    figures,
    named,
    noted,
    row_line,
    said,
    span,
    speed_lines,
    stated_line,
    title,
    why_not,
    word,
    wrap_args,
)

COLOURS = {
    "weights": "#3b6ea5",
    "kv": "#5aa469",
    "activation": "#d9a441",
    "graphs": "#a05a8c",
    "non_torch": "#7a7a7a",
    "margin": "#c9c9c9",
    "outside": "#eeeeee",
    "runtime": "#7a7a7a",
}
MOST_ROWS = 64  # bars beyond this say nothing new
STYLE = (
    ".four{display:grid;grid-template-columns:repeat(4,1fr);gap:.8rem;margin:1rem 0}"
    ".four>div{background:var(--soft);padding:.7rem .9rem;break-inside:avoid}.four b{display:block;font-size:1.7rem}"
    "table.f th{width:9rem}table.w th{width:40%}table.y th{width:30%}table.y td:nth-child(2){width:9rem}"
    "table.m td:first-child{width:11rem}.bar{display:flex;height:1.3em;border:1px solid #999;background:#fff}"
    ".bar i{display:block;height:100%}.key span.k{display:inline-block;margin-right:1em}"
    ".key i{display:inline-block;width:1em;height:1em;margin-right:.3em;vertical-align:middle;border:1px solid #999}"
    "@media print{.four b{font-size:1.4rem}.four .dim{font-size:.85rem}}"
    "@media screen and (max-width:48rem){.four{grid-template-columns:1fr 1fr}}"
    "@media screen and (max-width:40rem){table.f th,table.m td:first-child{width:6rem}}"
)
NOTE = {
    "gib": (
        "显存与内存按 GiB（1024³ 字节），磁盘按 GB（10⁹ 字节）。",
        "Memory is in GiB (1024³ bytes), disks in GB (10⁹ bytes).",
    ),
    "fullest": ("图例为最满的一张卡：", "The figures are those of the fullest card: "),
    "fits": ("可部署：模型与所需的缓存放得下", "Can be deployed: the model and the cache that is asked for fit"),
    "beware": ("；有 {count} 条注意事项，见文末", "; to beware of: {count}, at the end"),
    "address": (
        "`--host 0.0.0.0` 是容器内的地址：引擎只能经网关访问。",
        "`--host 0.0.0.0` is an address inside the container: the engine is reached through the gateway alone.",
    ),
}


def two(key: str) -> str:
    """A word of the plan in both languages."""
    return both(word(key, "zh"), word(key, "en"))


def page(plan: Mapping[str, Any], language: str = "both", vendor: Vendor = None) -> str:
    """The page of a plan, in `language` at first; readers can change it."""
    name = title(plan, "zh"), title(plan, "en")
    fits = [text + (more.format(count=len(plan["warnings"])) if plan["warnings"] else "")
            for text, more in zip(NOTE["fits"], NOTE["beware"])]  # fmt: skip
    rows = list(zip(facts(plan, "zh"), facts(plan, "en")))
    body = [
        opened(name[0], language, STYLE + SPEED_STYLE, vendor=vendor),
        f"<h1>{both(*name)}</h1>",
        f"<p class=dim>{both(word('title', 'zh').format(**plan), word('title', 'en').format(**plan))}</p>",
        f"<p class='verdict two pass'>{both(*fits)}</p>",
        _four(figures(plan, "zh"), figures(plan, "en")),
        "<table class=f>" + "".join(_fact(zh[0], zh[1], en[1]) for zh, en in rows) + "</table>",
        f"<p class='dim two'>{both(*NOTE['gib'])}</p>",
        *_bars(plan),
        *speed_section(plan),
        *_alternatives(plan),
        _folded("why", _reasons(plan["why"]), "y"),
        f"<details><summary>{two('command')}</summary><p class=two>{both(*NOTE['address'])}</p>"
        f"<pre>{escape(chr(10).join(wrap_args(serving_units(plan)[0]['args'])))}</pre></details>",
    ]
    if plan["warnings"]:
        told = [f"<tr><td class='two warn'>{both(noted(row, 'zh'), noted(row, 'en'))}" for row in plan["warnings"]]
        body.append(_folded("warnings", told, "w"))
    return "\n".join(body) + CLOSED


def _four(zh: Sequence[Tuple[str, str, str]], en: Sequence[Tuple[str, str, str]]) -> str:
    cells = (
        f"<div>{both(a[0], b[0])}<b>{escape(a[1])}</b><span class='dim two'>{both(a[2], b[2])}</span></div>"
        for a, b in zip(zh, en)
    )
    return f"<div class=four>{''.join(cells)}</div>"


def _fact(key: str, zh: str, en: str) -> str:
    return f"<tr><th>{two(key)}<td class=two>{escape(zh) if zh == en else both(zh, en)}"


def _folded(key: str, rows: Sequence[str], kind: str) -> str:
    head = both(f"{word(key, 'zh')}（{len(rows)}）", f"{word(key, 'en')} ({len(rows)})")
    return f"<details><summary>{head}</summary><table class={kind}>{''.join(rows)}</table></details>"


def _reasons(rows: Sequence[Mapping[str, Any]]) -> List[str]:
    return [
        f"<tr><th>{escape(row['key'])}<td>{_named(row['value'])}"
        f"<td class=two>{both(row['rule']['zh'], row['rule']['en'])}<span class=dim>{_named(row['source'])}</span>"
        for row in rows
    ]


def _named(given: Any) -> str:
    zh, en = named(given, "zh"), named(given, "en")
    return escape(zh) if zh == en else both(zh, en)


def _alternatives(plan: Mapping[str, Any]) -> List[str]:
    if not plan["alternatives"]:
        return []
    rows = (
        f"<tr><th>{both(other['change']['zh'], other['change']['en'])}"
        f"<td class=two>{both(why_not(plan, other, 'zh'), why_not(plan, other, 'en'))}"
        for other in plan["alternatives"]
    )
    return [f"<h2>{two('alternatives')}</h2><table class=w>{''.join(rows)}</table>"]


def _bars(plan: Mapping[str, Any]) -> List[str]:
    """A bar for all cards that hold the same."""
    engines = {(host if independent(plan) else "", unit["name"]): unit for host, unit in placed_units(plan)}
    parts = serving_units(plan)[0]["memory"].get("per_gpu_gib")
    if not parts:
        return []
    key = "".join(
        f"<span class=k><i style='background:{COLOURS[part]}'></i>{two(part)} {parts[part]}</span>" for part in PARTS
    )
    same: Dict[str, Dict[str, List[int]]] = {}
    for name, node in plan["nodes"].items():
        for unit in node["units"]:
            engine = engines[name if independent(plan) else "", unit["name"]]
            stages = engine["memory"].get("stages_gib") or [parts]
            for place, index in enumerate(unit["gpus"]):
                held = stages[_stage(engine["layout"], unit["rank"] * len(unit["gpus"]) + place)]
                same.setdefault(_cells(held), {}).setdefault(name, []).append(index)
    rows = [
        f"<tr><td>{'<br>'.join(f'{escape(name)} GPU {spans(cards)}' for name, cards in places.items())}"
        f"<td><div class=bar>{cells}</div>"
        for cells, places in same.items()
    ]
    return [
        f"<h2>{two('memory')}</h2><p class=key>{both(*NOTE['fullest'])}<br>{key}</p><table class=m>"
        + "".join(rows[:MOST_ROWS])
        + "</table>"
    ]


def spans(numbers: Sequence[int]) -> str:
    """Neighbours as ranges: 0–3, 6."""
    found: List[List[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][-1] + 1:
            found[-1][1:] = [number]
        else:
            found.append([number])
    return ", ".join("–".join(map(str, ends)) for ends in found)


def _stage(layout: Mapping[str, int], rank: int) -> int:
    """The pipeline stage of a rank: ranks of one stage are neighbours, stages of one replica too."""
    return int(rank % (layout["tensor"] * layout["pipeline"]) // layout["tensor"])


def _cells(parts: Mapping[str, float]) -> str:
    return "".join(
        f"<i style='width:{100 * max(0.0, parts[key]) / parts['total']:.2f}%;background:{COLOURS[key]}' "
        f"title='{escape(word(key, 'zh'))} / {escape(word(key, 'en'))}: {parts[key]} GiB'></i>"
        for key in PARTS
    )


WIDTH, LINE, TOP = 360, 26, 28  # of one picture: as wide as a phone shows it
LEFT, RIGHT = 112, 84  # room for labels and for figures
BAR, CHOSEN, END = "#3b6ea5", "#5aa469", "#b9cde3"
SPEED_STYLE = (
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
    more = "".join(f" {short}" for key, short in SHORT if key in layout)
    return "T{tensor} P{pipeline} D{data}".format(**layout) + more


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
