# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records in a chain: each line holds a digest over itself and the one before; a seal holds what only its key makes."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Set, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text

START = "0" * 64
MOST_PROBLEMS = 100
_TAIL = len(',"hash":"') + 64 + len('"}')


class Place(NamedTuple):
    """Where a chain ends."""

    number: int = 0
    digest: str = START


class Checked(NamedTuple):
    records: int
    seals: int
    first: int
    head: Place
    problems: List[Tuple[str, Text]]  # where, and what


def digest_of(before: str, body: str) -> str:
    return hashlib.sha256((before + body).encode("utf-8", "surrogateescape")).hexdigest()


def line_of(record: Mapping[str, Any], after: Place) -> Tuple[str, Place]:
    """A record as the line that follows `after`."""
    body = json.dumps({"n": after.number + 1, **record}, ensure_ascii=False, separators=(",", ":"))
    digest = digest_of(after.digest, body)
    return f'{body[:-1]},"hash":"{digest}"}}\n', Place(after.number + 1, digest)


def seal(key: str, index: int, after: Place) -> Dict[str, Any]:
    """What the key of this moment says of all before. The next key follows from it, and not the other way round."""
    return {"kind": "seal", "key": index, "mac": _mac(key, after.digest)}


def _mac(key: str, digest: str) -> str:
    return hmac.new(key.encode(), digest.encode(), "sha256").hexdigest()


def next_key(key: str) -> str:
    return hashlib.sha256(("next " + key).encode()).hexdigest()


def parse(line: str) -> Optional[Dict[str, Any]]:
    """A record, or nothing where the line is none."""
    try:
        found = json.loads(line)
        return found if isinstance(found["n"], int) and len(found["hash"]) == 64 else None
    except (ValueError, KeyError, TypeError):
        return None


class Check:
    """Walks a chain line by line and says where it was touched."""

    def __init__(self, key: str = "") -> None:
        self.key, self.index = key, 0
        self.place: Optional[Place] = None
        self.first = self.records = self.seals = 0
        self.problems: List[Tuple[str, Text]] = []
        self.removed: Set[Tuple[int, str]] = set()
        self.start = START  # the digest before the first line that is there

    def _wrong(self, where: str, what: str, number: Any = "") -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append((where, say("audit: " + what, number=number)))

    def line(self, where: str, text: str) -> None:
        record = parse(text)
        if record is None or not text.endswith("\n"):
            self._wrong(where, "no record")
            return
        body, number = text[: -_TAIL - 1] + "}", record["n"]
        if self.place is None:
            self.first = number
            self._first(where, record, body)
        elif number != self.place.number + 1:
            missing = f"{self.place.number + 1}-{number - 1}" if number > self.place.number + 1 else str(number)
            self._wrong(where, "missing", missing)
        elif digest_of(self.place.digest, body) != record["hash"]:
            self._wrong(where, "changed", number)
        if record.get("kind") == "seal":
            self._seal(where, record)
        if record.get("kind") == "removed":
            self.removed.add((int(record.get("upto") or 0), str(record.get("digest"))))
        self.records += 1
        self.place = Place(number, record["hash"])

    def _first(self, where: str, record: Mapping[str, Any], body: str) -> None:
        if record["n"] == 1:
            if digest_of(START, body) != record["hash"]:
                self._wrong(where, "changed", 1)
        elif record.get("kind") != "begin" or digest_of(str(record.get("after")), body) != record["hash"]:
            self._wrong(where, "no head")
        else:
            self.start = str(record["after"])

    def _seal(self, where: str, record: Mapping[str, Any]) -> None:
        self.seals += 1
        if not self.key or self.place is None:
            return
        while self.index < int(record["key"]):
            self.key, self.index = next_key(self.key), self.index + 1
        if self.index != record["key"] or not hmac.compare_digest(_mac(self.key, self.place.digest), record["mac"]):
            self._wrong(where, "seal", record["n"])

    def end(self) -> Checked:
        if self.first > 1 and (self.first - 1, self.start) not in self.removed:
            self._wrong("-", "gone", self.first - 1)
        return Checked(self.records, self.seals, self.first, self.place or Place(), self.problems)


def check(lines: Iterable[Tuple[str, str]], key: str = "") -> Checked:
    """Of rows of place and line, in order."""
    walk = Check(key)
    for where, text in lines:
        walk.line(where, text)
    return walk.end()
