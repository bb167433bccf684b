# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gateway writes of a request, as a record; who is counted for it, and when a day's quota is used up."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._audit.store import stamp
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import say, sentence

TEXTS = ("user", "person", "team", "source", "request", "model", "refused", "id", "question", "answer")
CONTENT = ("question", "answer")
NUMBERS = {"prompt": "prompt_tokens", "answered": "answer_tokens", "pieces": "answer_pieces"}
ASKED = ("api", "page")  # kinds that reach an engine


def clean(text: Any) -> str:
    """Bytes that are no text, as they are written: everything that reads records can print them."""
    return str(text).encode("utf-8", "backslashreplace").decode("utf-8")


def record(line: str) -> Dict[str, Any]:
    """Empty words are left out. What is no line of the gateway's is kept by its digest: nothing disappears."""
    try:
        told = json.loads(line)
        seconds = float(told["seconds"])
        found: Dict[str, Any] = {"time": stamp(float(told["end"]) - seconds), "kind": str(told["kind"])}
        asked = found["kind"] in ASKED  # of others no body is kept: it may hold a password
        found.update({name: clean(told[name]) for name in TEXTS if told.get(name) and (asked or name not in CONTENT)})
        for name, long in NUMBERS.items():
            if str(told.get(name) or "").isdigit():
                found[long] = int(told[name])
        if "answer_tokens" in found:
            found.pop("answer_pieces", None)
        return {**found, "status": int(told["status"]), "seconds": seconds}
    except (ValueError, KeyError, TypeError):
        data = line.encode("utf-8", "surrogateescape")
        return {"kind": "unreadable", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def whom(record: Mapping[str, Any]) -> str:
    """Who asked, as quotas name them: a team by its key, a person of the page by address, or number."""
    if record.get("kind") == "page":
        return "person " + str(record.get("person") or record.get("user") or "-")
    return "team " + str(record.get("team") or "-").lstrip("!")


def tokens(record: Mapping[str, Any]) -> int:
    """As the engine counted them; of a stream that tells no count, its pieces."""
    answer = record.get("answer_tokens", record.get("answer_pieces", 0))
    return int(record.get("prompt_tokens", 0)) + int(answer)


class Row(NamedTuple):
    requests: int
    tokens: int


class Use:
    """What each asked for today, by the node's own day."""

    def __init__(self, quotas: Sequence[Mapping[str, Any]]) -> None:
        self.quotas = quotas
        self.day = ""
        self.rows: Dict[str, Row] = {}

    def turn(self, now: float) -> None:
        today = time.strftime("%Y-%m-%d", time.localtime(now))
        if today != self.day:
            self.day, self.rows = today, {}

    def add(self, record: Mapping[str, Any]) -> None:
        """Of what an engine was asked: a request that was refused costs nothing."""
        if record.get("kind") in ASKED and int(record.get("status") or 0) < 400:
            who = whom(record)
            row = self.rows.get(who, Row(0, 0))
            self.rows[who] = Row(row.requests + 1, row.tokens + tokens(record))

    def quota(self, who: str) -> Optional[Mapping[str, Any]]:
        """Its own, or that of all of its kind."""
        kind, _blank, name = who.partition(" ")
        for wanted in (name, "*"):
            for row in self.quotas:
                if str(row.get(kind) or "") == wanted:
                    return row
        return None

    def over(self, now: float) -> Dict[str, Dict[str, Any]]:
        """Who is refused until the day ends, with what they are told."""
        found = {}
        for who, row in self.rows.items():
            quota = self.quota(who) or {}
            for name, used in row._asdict().items():
                most = int(quota.get(name) or 0)
                if most and used >= most and who not in found:
                    end = day_end(now)
                    reset = time.strftime("%Y-%m-%d %H:%M", time.localtime(end))
                    found[who] = {
                        "until": end,
                        **sentence("LLM881", most=most, what=say(f"a day's {name}"), reset=reset),
                    }
        return found


def day_end(now: float) -> int:
    """The next midnight here."""
    parts = time.localtime(now)
    return int(time.mktime((parts.tm_year, parts.tm_mon, parts.tm_mday + 1, 0, 0, 0, 0, 0, -1)))


def converted(data: bytes, number: int, offset: int) -> Tuple[List[Dict[str, Any]], int]:
    """Whole lines of one of the gateway's files as records, each with where it ends; how far that is."""
    found = []
    for line in data[: data.rfind(b"\n") + 1].splitlines(keepends=True):
        offset += len(line)
        found.append({**record(line.decode("utf-8", "surrogateescape").rstrip("\n")), "at": [number, offset]})
    return found, offset


def without_content(records: Iterable[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    return [{key: row[key] for key in row if key not in CONTENT} for row in records]
