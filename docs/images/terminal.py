#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Picture of a terminal from its text: `make lab 2>&1 | docs/images/terminal.py "make lab" >docs/images/lab.svg`.

Lines of the form `...` stand for lines that were cut from the log; nothing else is changed.
"""

from __future__ import annotations

import html
import re
import sys

COLOURS = (
    (re.compile(r"^(==>|PLAY|TASK)"), "#7aa2f7"),
    (re.compile(r"^(changed:|.*changed=[1-9])"), "#e0af68"),
    (re.compile(r"(FAILED|fatal:|failed=[1-9])"), "#f7768e"),
    (re.compile(r"^(ok:|gpu\d+ .*ok=|    (done|reused|installed))"), "#9ece6a"),
)
WIDTH, LINE, CHAR = 112, 18, 8.0
NBSP = "\u00a0"  # browsers fold plain spaces


def colour(line: str) -> str:
    return next((c for pattern, c in COLOURS if pattern.search(line)), "#c0caf5")


def columns(text: str) -> int:
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)


def clip(text: str) -> str:
    while columns(text) > WIDTH:
        text = text[:-2] + "…"
    return text


def picture(title: str, lines: list[str]) -> str:
    height = LINE * (len(lines) + 3)
    rows = [
        f'<text x="16" y="{LINE * (n + 3)}" fill="{colour(text)}">{html.escape(text).replace(" ", NBSP)}</text>'
        for n, text in enumerate(map(clip, lines))
    ]
    font = "ui-monospace,Menlo,Consolas,'Noto Sans Mono CJK SC',monospace"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * CHAR + 32:.0f} {height}" '
            f'font-family="{font}" font-size="13" xml:space="preserve">',
            f'<rect width="100%" height="{height}" rx="8" fill="#1a1b26"/>',
            '<circle cx="20" cy="18" r="6" fill="#f7768e"/><circle cx="40" cy="18" r="6" fill="#e0af68"/>'
            '<circle cx="60" cy="18" r="6" fill="#9ece6a"/>',
            f'<text x="84" y="23" fill="#565f89">{html.escape(title)}</text>',
            *rows,
            "</svg>",
        ]
    )


if __name__ == "__main__":
    print(picture(sys.argv[1], [line.rstrip("\n").expandtabs() for line in sys.stdin]))
