# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records for whoever asks: by user, time and model, as a table, and what was used in a month."""

from __future__ import annotations

import bisect
import calendar
import html
import time
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import chain, lines, store
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import CLOSED, begun

COLUMNS = ("time", "kind", "team", "user", "person", "source", "request", "model", "prompt_tokens", "answer_tokens",
           "answer_pieces", "status", "seconds", "refused", "id")  # fmt: skip
SLACK = 2.0  # seconds by which the page may have asked the engine before its own request is over
Record = Dict[str, Any]


def moment(text: str) -> float:
    """A date, or a date and a time, as people here write it."""
    for form in ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"):
        try:
            return time.mktime(time.strptime(text, form))
        except ValueError:
            continue
    raise ValueError(f"{text!r}: YYYY-MM-DD[THH:MM[:SS]]")


def read(folder: str, since: float = 0, until: float = 0) -> Iterator[Record]:
    """Requests in the order in which they ended; segments that ended before are not opened."""
    first, last = store.stamp(since), store.stamp(until) if until else "~"
    for path in store.segments(folder):
        if str((chain.parse(store.last_line(path)) or {}).get("time") or "~") < first:
            continue
        for _where, text in store.lines([path]):
            record = chain.parse(text) or {}
            if "status" in record and first <= record["time"] < last:
                yield record


class Sources:
    """Where people of the page came from: an engine is asked by the page, and the page by them just before."""

    def __init__(self) -> None:
        self.rows: Dict[str, List[Tuple[str, str]]] = {}
        self.names: Dict[str, str] = {}

    def learn(self, record: Mapping[str, Any]) -> None:
        user = str(record.get("user") or "")
        if record.get("kind") == "web" and user and record["status"] < 400:
            self.rows.setdefault(user, []).append((record["time"], str(record.get("source"))))
        if record.get("kind") == "page" and user and record.get("person"):
            self.names[user] = record["person"]

    def told(self, record: Record, late: str) -> Record:
        """With the person's own source, where it is known, and address; `late`: the latest time of a cause."""
        user = str(record.get("user") or "")
        found = dict(record)
        if user in self.names:
            found.setdefault("person", self.names[user])
        if record.get("kind") == "page":
            rows = self.rows.get(user) or []
            place = bisect.bisect_right(rows, (late, "~"))
            found["source"] = rows[place - 1][1] if place else ""
        return found


def find(folder: str, since: float, until: float, who: str = "", model: str = "", ident: str = "") -> Iterator[Record]:
    """Those that fit. Causes may have ended after what they caused, so they are all read first."""
    sources = Sources()
    for record in read(folder, max(0.0, since - store.DAY), until + store.DAY if until else 0):
        sources.learn(record)
    for rows in sources.rows.values():
        rows.sort()
    for record in read(folder, since, until):
        begun_at = calendar.timegm(time.strptime(record["time"][:19], "%Y-%m-%dT%H:%M:%S"))
        late = store.stamp(begun_at + SLACK)
        row = sources.told(record, late)
        if who and who not in (row.get("user"), row.get("person"), row.get("team"), row.get("source")):
            continue
        if (not model or model == row.get("model")) and (not ident or ident == row.get("id")):
            yield row


def cell(value: Any) -> str:
    """For a table program: what it would calculate is a text."""
    text = str(value)
    if text[:1] in ("=", "+", "-", "@", "\t") and not isinstance(value, (int, float)):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"'


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] = COLUMNS) -> Iterator[str]:
    yield ",".join(columns) + "\r\n"
    for row in rows:
        yield ",".join(cell(row.get(name, "")) for name in columns) + "\r\n"


def month(folder: str, text: str) -> List[Record]:
    """By who asked and model: requests, those refused or failed, tokens."""
    first = time.strptime(text, "%Y-%m")
    since = time.mktime(first)
    until = time.mktime((first.tm_year, first.tm_mon + 1, 1, 0, 0, 0, 0, 0, -1))
    found: Dict[Tuple[str, str], Record] = {}
    for record in read(folder, since, until):
        if record["kind"] not in lines.ASKED:
            continue
        key = (lines.whom(record), str(record.get("model") or "-"))
        row = found.setdefault(
            key, {"who": key[0], "model": key[1], "requests": 0, "failed": 0, "prompt_tokens": 0, "answer_tokens": 0}
        )
        row["requests"] += 1
        row["failed"] += record["status"] >= 400
        prompt = int(record.get("prompt_tokens", 0))
        row["prompt_tokens"] += prompt
        row["answer_tokens"] += lines.tokens(record) - prompt
    return [found[key] for key in sorted(found)]


HEADS: Dict[str, Mapping[str, str]] = {
    "who": {"zh": "使用者", "en": "Who"},
    "model": {"zh": "模型", "en": "Model"},
    "requests": {"zh": "请求数", "en": "Requests"},
    "failed": {"zh": "失败", "en": "Failed"},
    "prompt_tokens": {"zh": "提问词元", "en": "Prompt tokens"},
    "answer_tokens": {"zh": "回答词元", "en": "Answer tokens"},
}


def page(rows: Sequence[Mapping[str, Any]], text: str, language: str) -> str:
    """The month as a page."""
    title = f"用量 {text}" if language == "zh" else f"Use {text}"
    head = "".join(f"<th>{names.get(language) or names['en']}" for names in HEADS.values())
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(row[name]))}" for name in HEADS) for row in rows)
    return f"{begun(title, language)}<h1>{title}</h1><table><tr>{head}{body}</table>{CLOSED}"


def used(use: lines.Use) -> List[str]:
    """Today, beside the quotas."""
    told = []
    for who, row in sorted(use.rows.items()):
        quota: Optional[Mapping[str, Any]] = use.quota(who)
        parts = [f"{count}/{(quota or {}).get(name) or '-'}" for name, count in row._asdict().items()]
        told.append(f"{who:40} {parts[0]:>16} {parts[1]:>24}")
    return told
