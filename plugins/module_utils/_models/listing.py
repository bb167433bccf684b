# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges lists of files. A hub, a neighbour, a stick and a bundle each send one, and any of them may be hostile."""

from __future__ import annotations

import re
import unicodedata
from typing import Dict, Iterable, List, Tuple

OWN = ".yitiji-"  # our records begin so
LONGEST_PATH, LONGEST_NAME, DEEPEST = 1024, 250, 32
MOST_FILES = 20_000  # the largest repository known has fewer than 3,000
MOST_BYTES = 16 << 40
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")  # control, formatting (text direction), halves of pairs, line separators

Row = Tuple[str, int, str]


class Unfit(ValueError):
    """Why a list is refused."""


def unsafe(path: str) -> str:
    """Why a path from a list is refused; empty if it is fine."""
    if not path or "\\" in path or _hidden(path):
        return "empty, or with a backslash or control character"
    if path.startswith("/") or re.match(r"^[A-Za-z]:", path):
        return "absolute"
    parts = path.split("/")
    if any(part.strip() in ("", ".", "..") for part in parts):
        return "leaves its directory"
    if any(part.casefold().startswith(OWN) for part in parts):
        return "a name of our own"
    sizes = [len(part.encode("utf-8", "replace")) for part in parts]
    if max(sizes) > LONGEST_NAME or sum(sizes) + len(parts) - 1 > LONGEST_PATH or len(parts) > DEEPEST:
        return "too long"
    return ""


def _hidden(text: str) -> bool:
    return not text.isprintable() if text.isascii() else any(unicodedata.category(char) in HIDDEN for char in text)


def judge(rows: Iterable[Tuple[object, object, object]]) -> List[Row]:
    """(path, size, sha256 or '') of each file in the order given, or Unfit. The same row twice is one row."""
    found: Dict[str, Row] = {}
    alike: Dict[str, str] = {}  # how a file system without capitals reads the name -> the name
    total = 0
    for path, size, sha256 in rows:
        row = _row(path, size, sha256)
        if found.setdefault(row[0], row) != row:
            raise Unfit(f"{row[0]} is listed twice, differently")
        other = alike.setdefault(_folded(row[0]), row[0])
        if other != row[0]:
            raise Unfit(f"{other!r} and {row[0]!r} are one name where capitals do not count")
        if len(found) > MOST_FILES:
            raise Unfit(f"more than {MOST_FILES} files")
    for path, size, _sha256 in found.values():
        total += size
        folder = _folded(path)
        while "/" in folder:
            folder = folder.rsplit("/", 1)[0]
            if folder in alike:
                raise Unfit(f"{alike[folder]} is both a file and a directory")
    if total > MOST_BYTES:
        raise Unfit(f"{total} bytes in all, more than any model has")
    return list(found.values())


def _row(path: object, size: object, sha256: object) -> Row:
    why = unsafe(path) if isinstance(path, str) else "not a text"
    if why or not isinstance(path, str):
        raise Unfit(f"path {path!r:.300}: {why}")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= MOST_BYTES:
        raise Unfit(f"{path} has the size {size!r:.40}")
    digest = str(sha256 or "").lower()
    if digest and not re.match(r"^[0-9a-f]{64}\Z", digest):
        raise Unfit(f"{path} has the sha256 {digest[:80]!r}")
    if size and digest == EMPTY_SHA256:
        raise Unfit(f"{path} lists {size} bytes with the hash of an empty file")
    return path, size, digest


def whole(value: object) -> object:
    """A number as hubs write it: some send 26, some "26" and some 26.0. What is none of these comes back as it is."""
    if isinstance(value, str) and re.match(r"^[0-9]{1,18}\Z", value, re.ASCII):
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _folded(path: str) -> str:
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path).casefold()


def printable(text: object, most: int = 300) -> str:
    """Words of a stranger, safe to print: nothing in them moves the cursor. At most `most` characters."""
    return "".join(char if unicodedata.category(char) not in HIDDEN else "?" for char in str(text)[:most])
