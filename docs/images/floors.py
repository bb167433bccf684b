#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the floors from the table in docs/architecture.md: `docs/images/floors.py >docs/images/floors.svg`."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "architecture.md"
ROW = re.compile(r"^\| (\d) \| `(_\w+)` \| (.*) \|$", re.MULTILINE)
# What a floor is about, lowest first.
TITLES = ("words and numbers", "talking and packing", "what everything stands on", "one concern each", "whole jobs")
FILLS = ("#e8eaed", "#dbe7f5", "#d5ecdc", "#fbeccb", "#f6d9d5")
WIDTH, ROOM, GAP, TOP, EDGE = 1000, 44, 10, 64, 20
COLUMNS = 5


def floors(text: str) -> dict[int, list[str]]:
    """Floor -> rooms, as the table lists them."""
    found: dict[int, list[str]] = {}
    for floor, room, _what in ROW.findall(text):
        found.setdefault(int(floor), []).append(room)
    return found


def picture(text: str) -> str:
    """A card with a background of its own, so that it reads the same on a light and on a dark page."""
    found, y, parts = floors(text), TOP, []
    wide = (WIDTH - 2 * EDGE - 200 - GAP * (COLUMNS + 1)) / COLUMNS
    for floor in sorted(found, reverse=True):
        rooms = found[floor]
        rows = -(-len(rooms) // COLUMNS)
        height = rows * (ROOM + GAP) + GAP
        parts.append(
            f'<rect x="{EDGE}" y="{y}" width="{WIDTH - 2 * EDGE}" height="{height}" rx="6" fill="{FILLS[floor - 1]}"/>'
            f'<text x="{EDGE + 16}" y="{y + height / 2 - 4}" class="floor">floor {floor}</text>'
            f'<text x="{EDGE + 16}" y="{y + height / 2 + 16}" class="note">{html.escape(TITLES[floor - 1])}</text>'
        )
        for number, room in enumerate(rooms):
            x = EDGE + 200 + GAP + (number % COLUMNS) * (wide + GAP)
            top = y + GAP + (number // COLUMNS) * (ROOM + GAP)
            parts.append(
                f'<rect x="{x:.0f}" y="{top}" width="{wide:.0f}" height="{ROOM}" rx="4" class="room"/>'
                f'<text x="{x + wide / 2:.0f}" y="{top + ROOM / 2 + 5}" class="name">{html.escape(room)}</text>'
            )
        y += height + GAP
    height = y + 46
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img">',
        "<title>Rooms of plugins/module_utils on five floors</title>",
        "<style>text{font-family:system-ui,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif;fill:#1f2328}"
        ".head{font-size:20px;font-weight:600}.floor{font-size:16px;font-weight:600}.note{font-size:13px;fill:#57606a}"
        ".name{font-size:16px;text-anchor:middle;font-family:ui-monospace,'DejaVu Sans Mono',monospace}"
        ".room{fill:#ffffff;stroke:#8c959f}</style>",
        f'<rect width="{WIDTH}" height="{height}" rx="10" fill="#f6f8fa" stroke="#d0d7de"/>',
        f'<text x="{EDGE + 16}" y="40" class="head">plugins/module_utils: '
        "a room imports only rooms of lower floors</text>",
        *parts,
        f'<text x="{EDGE + 16}" y="{y + 24}" class="note">Above all floors: plugins/modules, action, filter and '
        "callback (faces) read parameters, call a room and report. No room imports a face.</text>",
        "</svg>",
        "",
    ])  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(picture(PAGE.read_text(encoding="utf-8")))
