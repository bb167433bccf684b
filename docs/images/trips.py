#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws how often each role goes to a node, from docs/performance.md: `docs/images/trips.py >docs/images/trips.svg`."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "performance.md"
ROW = re.compile(r"^\| ([\w. ]+) \| \d+ \| \d+ \| (\d+) \| \d+ \| \d+ \| (\d+) \|$", re.MULTILINE)
WIDTH, LEFT, LINE, TOP = 1000, 250, 30, 84


def rows(text: str) -> list[tuple[str, int, int]]:
    """(role, trips before, trips now), those that go to a node."""
    found = [(name, int(before), int(now)) for name, before, now in ROW.findall(text)]
    return [row for row in found if row[1] or row[2]]


def picture(text: str) -> str:
    """A card with a background of its own, so that it reads the same on a light and on a dark page."""
    found, parts = rows(text), []
    scale = (WIDTH - LEFT - 80) / max(before for _name, before, _now in found)
    for number, (name, before, now) in enumerate(found):
        y = TOP + number * LINE
        parts.append(
            f'<text x="{LEFT - 12}" y="{y + 16}" class="name">{html.escape(name)}</text>'
            f'<rect x="{LEFT}" y="{y}" width="{before * scale:.0f}" height="10" fill="#c3c9d0"/>'
            f'<rect x="{LEFT}" y="{y + 12}" width="{now * scale:.0f}" height="10" fill="#2f6fbb"/>'
            f'<text x="{LEFT + before * scale + 8:.0f}" y="{y + 10}" class="note">{before}</text>'
            f'<text x="{LEFT + now * scale + 8:.0f}" y="{y + 22}" class="note">{now}</text>'
        )
    height = TOP + len(found) * LINE + 20
    before, now = (sum(row[part] for row in found) for part in (1, 2))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img">',
        "<title>Round trips to a converged node, by role</title>",
        "<style>text{font-family:system-ui,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif;fill:#1f2328}"
        ".head{font-size:20px;font-weight:600}.note{font-size:12px;fill:#57606a}"
        ".name{font-size:14px;text-anchor:end;font-family:ui-monospace,'DejaVu Sans Mono',monospace}</style>",
        f'<rect width="{WIDTH}" height="{height}" rx="10" fill="#f6f8fa" stroke="#d0d7de"/>',
        f'<text x="36" y="40" class="head">Round trips to a converged node: {before} before, {now} now</text>',
        '<text x="36" y="62" class="note">grey: before a task could run several steps; blue: now</text>',
        *parts,
        "</svg>",
    ])  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(picture(PAGE.read_text(encoding="utf-8")) + "\n")
