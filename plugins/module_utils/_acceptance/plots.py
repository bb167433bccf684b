# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of an acceptance's report: lines over a quantity, as SVG that stands inside a page."""

from __future__ import annotations

import math
from html import escape
from typing import List, Sequence, Tuple

COLOURS = ("#3b6ea5", "#c9622b", "#5aa469", "#a05a8c", "#8a7a2b", "#2b8a8a", "#777777", "#b3261e")
WIDE, HIGH, LEFT, RIGHT, FOOT, HEAD = 520, 220, 50, 110, 46, 12  # of a picture and its margins, in its own units
PARTS = 5  # of an axis, at most
MOST_DOTS, APART = 16, 12.0  # points of a line that are marked; between two names at the lines' ends
# A page takes what it has; in a PDF it is the font that is embedded.
FONT = "Noto Sans SC,Noto Sans CJK SC,sans-serif"
Curve = Tuple[str, Sequence[Tuple[float, float]]]


def chart(curves: Sequence[Curve], below: str) -> str:
    """Lines that are named at their ends; both axes begin at 0. `below`: what the lower one counts."""
    points = [point for _name, line in curves for point in line]
    across, up = steps(max((x for x, _y in points), default=1)), steps(max((y for _x, y in points), default=1))
    right, top = across[-1], up[-1]

    def at(x: float, y: float) -> Tuple[float, float]:
        return LEFT + x / right * (WIDE - LEFT - RIGHT), HIGH - FOOT - y / top * (HIGH - FOOT - HEAD)

    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDE} {HIGH}' font-size='11' font-family='{FONT}'>"
    ]
    for value in up:
        (start, y), (end, _y) = at(0, value), at(right, value)
        parts.append(f"<line x1='{start:.1f}' y1='{y:.1f}' x2='{end:.1f}' y2='{y:.1f}' stroke='#ddd'/>")
        parts.append(_text(start - 5, y + 4, "end", f"{value:,g}"))
    parts += [_text(at(value, 0)[0], HIGH - FOOT + 15, "middle", f"{value:,g}") for value in across]
    parts.append(_text((WIDE + LEFT - RIGHT) / 2, HIGH - 10, "middle", below))
    ends: List[Tuple[float, float, str, str]] = []
    for number, (name, line) in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        drawn = [at(x, y) for x, y in sorted(line)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
        parts.append(f"<polyline points='{path}' stroke='{colour}' stroke-width='2' fill='none'/>")
        if len(drawn) <= MOST_DOTS:
            parts += [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{colour}'/>" for x, y in drawn]
        if drawn:
            ends.append((drawn[-1][1], drawn[-1][0], name, colour))
    lowest = 0.0
    for y, x, name, colour in sorted(ends):
        lowest = max(y, lowest + APART)
        parts.append(_text(x + 8, lowest + 4, "start", name, colour))
    return "".join(parts) + "</svg>"


def steps(most: float) -> List[float]:
    """Round numbers from 0 up to the first one that is not below `most`, for the marks of an axis."""
    most = most or 1
    rough = most / PARTS
    power = 10.0 ** math.floor(math.log10(rough))
    each = next(power * by for by in (1, 2, 5, 10) if power * by >= rough * 0.999)
    return [round(each * number, 9) for number in range(math.ceil(most / each * 0.999) + 1)]


def _text(x: float, y: float, anchor: str, text: str, colour: str = "#222222") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{colour}'>{escape(text)}</text>"
