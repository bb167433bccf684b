# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an acceptance as one HTML page in one language, which loads nothing else and prints on A4."""

from __future__ import annotations

from html import escape
from typing import Any, Callable, List, Mapping, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.words import LANGUAGES, WORDS

COLOURS = ("#3b6ea5", "#c9622b", "#5aa469", "#a05a8c")
VERDICTS = {"pass": "#2d7d46", "conditional": "#b07a00", "fail": "#b3261e", "skipped": "#555555"}
WIDE, HIGH, EDGE = 520, 220, 46  # of a picture, in its own units
STYLE = (
    "body{font:14px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;margin:2em auto;max-width:60em;padding:0 1em;"
    "color:#222;background:#fff}h1{font-size:1.6em}"
    "h2{font-size:1.15em;margin-top:1.6em;border-bottom:2px solid #3b6ea5}"
    "table{border-collapse:collapse;width:100%;margin:.5em 0}td,th{border:1px solid #ccc;padding:.25em .6em;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#f3f5f8;font-weight:600}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}.v{font-weight:700}.wide{overflow-x:auto}"
    "svg{max-width:100%;height:auto}.sign td{height:4.5em;width:50%}@page{size:A4;margin:16mm}"
    "@media print{body{margin:0;max-width:none}h2,table,figure{break-inside:avoid}}"
    "figure{margin:1em 0}figcaption{color:#555}"
)
Row = Mapping[str, Any]
Take = Callable[[Row], float]
DRAWN: Tuple[Tuple[str, Take], ...] = (
    ("tokens_per_second", lambda row: float(row["tokens_per_second"])),
    ("first_token_p90", lambda row: float(row["first_token_ms"]["p90"]) / 1000),
    ("latency_p90", lambda row: float(row["latency_ms"]["p90"]) / 1000),
)


def page(report: Row, language: str) -> str:
    """The page of a report (`report.document`) for readers of `language` (`zh` or `en`)."""

    def word(key: str) -> str:
        return escape(WORDS[key][LANGUAGES.index(language)])

    body = [
        f"<h1>{word('title')}</h1>",
        f"<p>{escape(report['deployment'])} · {escape(report['made'])} · {word('collection')} "
        f"{escape(report['collection'])}</p>",
        f"<p class=v style='color:{VERDICTS[report['verdict']]};font-size:1.4em'>{word(report['verdict'])}</p>",
        _table((word("item"), word("value")), [(escape(a), escape(b)) for a, b in _facts(report, language)]),
        f"<h2>{word('judged')}</h2>",
        _judged(report, language, word),
        f"<h2>{word('function')}</h2>",
        _function(report, language, word),
        f"<h2>{word('speed')}</h2>",
        _speed(report, word),
        *_pictures(report, word),
        f"<h2>{word('machines')}</h2>",
        *_machines(report, word),
        f"<h2>{word('signing')}</h2><p>{word('sealed')}</p>",
        f"<table class=sign><tr><td>{word('vendor')}<td>{word('customer')}"
        f"<tr><td>{word('name_date')}<td>{word('name_date')}</table>",
    ]
    title = f"{word('title')} · {escape(report['deployment'])}"
    return (
        f"<!doctype html><html lang={language}><meta charset=utf-8><title>{title}</title>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<style>{STYLE}</style><body>{chr(10).join(body)}</body></html>\n"
    )


def _facts(report: Row, language: str) -> List[Tuple[str, str]]:
    place = LANGUAGES.index(language)
    load = report["load"]
    rows = [
        ("profile", report["profile"]),
        ("model", report["model"]),
        ("engine", report["engine"]),
        ("planned", str(report["planned"])),
        ("plan", report["plan_sha256"]),
        ("generator", f"{load['generator']}, seed {load['seed']}"),
        ("asked_at", f"{load['url']} ({load['from']})"),
    ]
    return [(WORDS[key][place], value) for key, value in rows]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()) -> str:
    lines = ["<tr>" + "".join(f"<th>{cell}" for cell in head)]
    for row in rows:
        cells = (f"<td class=n>{cell}" if place in numeric else f"<td>{cell}" for place, cell in enumerate(row))
        lines.append("<tr>" + "".join(cells))
    return "<div class=wide><table>" + "".join(lines) + "</table></div>"


def _mark(verdict: str, word: Callable[[str], str]) -> str:
    return f"<span class=v style='color:{VERDICTS[verdict]}'>{word(verdict)}</span>"


def _step(step: Row) -> str:
    return f"{step['prompt']} / {step['answer']} · {step['concurrency']}"


def _judged(report: Row, language: str, word: Callable[[str], str]) -> str:
    rows = []
    for row in report["figures"]:
        causes = "<br>".join(escape(cause[language]) for cause in row.get("causes", ()))
        said = escape(row["text"][language]) + (f"<br>{word('causes')}{causes}" if causes else "")
        rows.append(
            (word(row["key"]), _step(row["step"]), escape(str(row["stated"])), escape(str(row["measured"])),
             _mark(row["verdict"], word), said)
        )  # fmt: skip
    head = ("figure", "step", "stated", "measured", "verdict", "remark")
    return _table([word(key) for key in head], rows, (2, 3))


def _function(report: Row, language: str, word: Callable[[str], str]) -> str:
    rows = [
        (escape(row["name"][language]), _mark(row["verdict"], word), escape(row["evidence"]))
        for row in report["function"]
    ]
    return _table([word("check"), word("verdict"), word("evidence")], rows)


def _speed(report: Row, word: Callable[[str], str]) -> str:
    head = [
        "step",
        "requests",
        "failed",
        "first_token",
        "between",
        "latency",
        "tokens_per_second",
        "requests_per_second",
    ]
    rows = []
    for row in report["speed"]:
        triples = [
            " / ".join(f"{row[key][p]:,.0f}" for p in ("p50", "p90", "p99")) for key in ("first_token_ms", "latency_ms")
        ]
        between = " / ".join(f"{row['between_ms'][p]:,.1f}" for p in ("p50", "p90", "p99"))
        rows.append((
            _step(row), f"{row['requests']}", f"{row['failed']}", triples[0], between, triples[1],
            f"{row['tokens_per_second']:,.1f}", f"{row['requests_per_second']:,.2f}",
        ))  # fmt: skip
    knees = "".join(
        f"<p>{row['prompt']} / {row['answer']}: {word('knee')} {row['knee'] or word('not_reached')}</p>"
        for row in report["knees"]
    )
    return _table([word(key) for key in head], rows, range(1, 8)) + knees


def _pictures(report: Row, word: Callable[[str], str]) -> List[str]:
    pairs = sorted({(row["prompt"], row["answer"]) for row in report["speed"]})
    lines = []
    for key, take in DRAWN:
        curves = []
        for pair in pairs:
            rows = [row for row in report["speed"] if (row["prompt"], row["answer"]) == pair]
            curves.append((f"{pair[0]} / {pair[1]}", [(float(row["concurrency"]), take(row)) for row in rows]))
        drawn = chart(curves, word("at_once"))
        lines.append(f"<figure>{drawn}<figcaption>{word(key)}</figcaption></figure>")
    return lines


def chart(curves: Sequence[Tuple[str, Sequence[Tuple[float, float]]]], below: str) -> str:
    """Lines over the number of requests at once, each named at its end; both axes begin at 0."""
    points = [point for _name, line in curves for point in line]
    right, top = max((x for x, _y in points), default=1) or 1, max((y for _x, y in points), default=1) or 1

    def at(x: float, y: float) -> str:
        return f"{EDGE + x / right * (WIDE - 2 * EDGE - 40):.1f},{HIGH - EDGE - y / top * (HIGH - EDGE - 12):.1f}"

    parts = [f"<svg viewBox='0 0 {WIDE} {HIGH}' role=img font-size=11 font-family='sans-serif'>"]
    for share in (0.0, 0.5, 1.0):
        start, end = at(0, top * share), at(right, top * share)
        parts.append(f"<polyline points='{start} {end}' stroke='#ddd' fill='none'/>")
        x, y = start.split(",")
        parts.append(f"<text x='{float(x) - 5}' y='{float(y) + 4}' text-anchor=end>{top * share:,.3g}</text>")
    for value in sorted({x for x, _y in points}):
        place, base = at(value, 0).split(",")
        parts.append(f"<text x='{place}' y='{float(base) + 15}' text-anchor=middle>{value:g}</text>")
    parts.append(f"<text x='{WIDE / 2}' y='{HIGH - 10}' text-anchor=middle>{below}</text>")
    for number, (name, line) in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        drawn = [at(px, py) for px, py in sorted(line)]
        parts.append(f"<polyline points='{' '.join(drawn)}' stroke='{colour}' stroke-width=2 fill=none />")
        parts += [f"<circle cx='{p.split(',')[0]}' cy='{p.split(',')[1]}' r=3 fill='{colour}'/>" for p in drawn]
        if drawn:
            left, down = drawn[-1].split(",")
            parts.append(f"<text x='{float(left) + 8}' y='{float(down) + 4}' fill='{colour}'>{escape(name)}</text>")
    return "".join(parts) + "</svg>"


def _machines(report: Row, word: Callable[[str], str]) -> List[str]:
    found = []
    for name, machine in report["identity"].items():
        rows = [(escape(key), escape(value)) for key, value in flat(machine)]
        found.append(f"<h3>{escape(name)}</h3>" + _table((word("item"), word("value")), rows))
    return found


def flat(value: Any, prefix: str = "") -> List[Tuple[str, str]]:
    """Nested data as rows of path and text, in its own order."""
    if isinstance(value, Mapping):
        return [row for key, each in value.items() for row in flat(each, f"{prefix}.{key}" if prefix else str(key))]
    if isinstance(value, (list, tuple)):
        return [row for number, each in enumerate(value) for row in flat(each, f"{prefix}[{number}]")]
    return [(prefix, "-" if value is None or value == "" else str(value))]
