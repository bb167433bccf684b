# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocks of the pages for readers, and the commands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
# pages for who uses the collection; decisions and rules have no commands to type, or are written from the messages
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELL = {"", "sh", "bash", "shell", "console"}
FENCE = re.compile(r"^( *)```([\w-]*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# a paragraph of lines that are indented by four, after an empty line and outside lists
INDENTED = re.compile(r"(?<=\n\n)((?: {4}\S[^\n]*\n)+)(?=\n|\Z)")
COMMENT = re.compile(r"\s+#(?: .*)?$")
# pictures of a flow, and what is not typed
DRAWN = re.compile(r"[─►│├└┌]")


class Block(NamedTuple):
    page: str
    line: int
    language: str
    text: str


class Command(NamedTuple):
    page: str
    line: int
    text: str


def blocks(path: Path) -> Iterator[Block]:
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT).as_posix()
    fences = list(FENCE.finditer(text))
    for found in fences:
        body = "\n".join(line.removeprefix(found[1]) for line in found[3].splitlines())
        yield Block(name, text.count("\n", 0, found.start(3)) + 1, found[2], body)
    for found in INDENTED.finditer(text):
        if not any(fence.start() < found.start() < fence.end() for fence in fences):
            body = "\n".join(line[4:] for line in found[1].splitlines())
            yield Block(name, text.count("\n", 0, found.start()) + 1, "", body)


def commands(path: Path) -> Iterator[Command]:
    """Every command of every block of the shell: continued lines are one, and what comments say is left out."""
    for block in blocks(path):
        if block.language not in SHELL or DRAWN.search(block.text):
            continue
        joined = re.sub(r"\\\n\s*", "", block.text)
        for number, line in enumerate(joined.splitlines()):
            text = COMMENT.sub("", line).strip()
            if text and not text.startswith("#"):
                yield Command(block.page, block.line + number, text)


def everything() -> list[Command]:
    return [command for path in PAGES for command in commands(path)]
