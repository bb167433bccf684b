# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as one HTML page that loads nothing else: a bar for each card, in both languages."""

from __future__ import annotations

from html import escape
from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import head_units
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.speed_html import STYLE as SPEED_STYLE
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.speed_html import speed_section
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import PARTS, facts, noted, word, wrap_args

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
MOST_CARDS = 64  # bars beyond this say nothing new
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.3em .6em;text-align:left;"
    "vertical-align:top}.bar{display:flex;height:1.3em;border:1px solid #999}.bar i{display:block;height:100%}"
    ".key i{display:inline-block;width:1em;height:1em;margin:0 .3em 0 1em;vertical-align:middle}"
    "pre{background:#f6f6f6;padding:1em;overflow-x:auto}.warn{background:#fff4d6;padding:.3em .8em;margin:.3em 0}"
)


def both(key: str) -> str:
    """A word in both languages."""
    return escape(f"{word(key, 'zh')} / {word(key, 'en')}")


def page(plan: Mapping[str, Any]) -> str:
    """The page of a plan."""
    title = escape(f"{plan['deployment']} · {plan['profile']}")
    body: List[str] = [f"<h1>{title}</h1>"]
    body += [
        f"<p class=warn>{escape(noted(warning, 'zh'))}<br>{escape(noted(warning, 'en'))}</p>"
        for warning in plan["warnings"]
    ]
    rows = zip(facts(plan, "zh"), facts(plan, "en"))
    body.append("<table>" + "".join(_fact(zh[0], zh[1], en[1]) for zh, en in rows) + "</table>")
    body += _bars(plan)
    body += speed_section(plan)
    body.append(f"<h2>{both('command')}</h2><pre>{escape(chr(10).join(wrap_args(head_units(plan)[0]['args'])))}</pre>")
    if plan["alternatives"]:
        body.append(
            f"<h2>{both('alternatives')}</h2><table>"
            + "".join(
                f"<tr><td>{escape(other['change']['zh'])} / {escape(other['change']['en'])}"
                f"<td>{other['kv_tokens']:,} KV"
                for other in plan["alternatives"]
            )
            + "</table>"
        )
    body.append(
        f"<h2>{both('why')}</h2><table>"
        + "".join(
            f"<tr><td>{escape(reason['key'])}<td>{escape(str(reason['value']))}<td>{escape(reason['rule']['zh'])}<br>"
            f"{escape(reason['rule']['en'])}<td>{escape(reason['source'])}"
            for reason in plan["why"]
        )
        + "</table>"
    )
    return (
        f"<!doctype html><html lang=zh><meta charset=utf-8><title>{title}</title><style>{STYLE}{SPEED_STYLE}</style>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<body>{chr(10).join(body)}</body></html>"
    )


def _fact(key: str, zh: str, en: str) -> str:
    content = escape(zh) if zh == en else f"{escape(zh)}<br>{escape(en)}"
    return f"<tr><th>{both(key)}<td>{content}"


def _bars(plan: Mapping[str, Any]) -> List[str]:
    engines = {unit["name"]: unit for unit in head_units(plan)}
    parts = head_units(plan)[0]["memory"].get("per_gpu_gib")
    if not parts:
        return []
    key = "".join(f"<i style='background:{COLOURS[part]}'></i>{both(part)} {parts[part]}" for part in PARTS)
    rows: List[str] = []
    for name, node in plan["nodes"].items():
        for unit in node["units"]:
            engine = engines[unit["name"]]
            stages = engine["memory"].get("stages_gib") or [parts]
            for place, index in enumerate(unit["gpus"]):
                held = stages[_stage(engine["layout"], unit["rank"] * len(unit["gpus"]) + place)]
                shown = f"<div class=bar>{_cells(held)}</div>"
                rows.append(f"<tr><td>{escape(name)}<td>GPU {index}<td style='width:80%'>{shown}")
    return [f"<h2>{both('memory')}</h2><p class=key>{key}</p><table>" + "".join(rows[:MOST_CARDS]) + "</table>"]


def _stage(layout: Mapping[str, int], rank: int) -> int:
    """The pipeline stage of a rank: ranks of one stage are neighbours, stages of one replica too."""
    return int(rank % (layout["tensor"] * layout["pipeline"]) // layout["tensor"])


def _cells(parts: Mapping[str, float]) -> str:
    return "".join(
        f"<i style='width:{100 * max(0.0, parts[key]) / parts['total']:.2f}%;background:{COLOURS[key]}' "
        f"title='{both(key)}: {parts[key]} GiB'></i>"
        for key in PARTS
    )
