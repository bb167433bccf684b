# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the records are: whether they hold together, for how long they are there, and what room is left."""

from __future__ import annotations

import calendar
import os
import time
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import chain, store
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text

MOST = 128 << 20  # bytes of records that are read whole, the newest: two seconds of a core
Problems = List[Tuple[str, Text]]


def health(config: Mapping[str, Any], now: float) -> Dict[str, Any]:
    """What the doctor asks. Of older segments only the ends are read; `verify` reads all."""
    folder, days = str(config["folder"]), int(config["days"])
    paths = store.segments(folder)
    newest = _newest(paths)
    walk, early = chain.Check(), ""
    for where, text in _whole_lines(newest):
        walk.line(where, text)
        if '"kind":"removed"' in text:
            row = chain.parse(text) or {}
            kept = (_moment(row.get("time")) or 0.0) - (_moment(row.get("last")) or 0.0)
            early = str(row["last"])[:10] if row.get("last") and kept < days * store.DAY - 60 else early
    problems = [*_joints(paths[: len(paths) - len(newest) + 1]), *walk.problems]
    first = chain.parse(_first_line(paths[0])) if paths else None
    begun = _moment((first or {}).get("time"))
    age = None if begun is None else (now - begun) / store.DAY
    # When it was time for them, the record of their removal may be older than what is read.
    early_or_read = age is None or age < days or len(newest) == len(paths)
    if first and first["n"] > 1 and early_or_read and _before(first) not in walk.removed:
        problems.append((os.path.basename(paths[0]), say("audit: gone", number=first["n"] - 1)))
    return {
        "problems": [{"where": where, **what.as_dict()} for where, what in problems[:3]],
        "records": walk.records,
        "days": days,
        "age": None if age is None else round(age, 1),
        "early": early,
        "used_mb": sum(os.stat(path).st_size for path in paths) >> 20,
        "share_mb": int(config["share_mb"]),
        "free_mb": min(store.free(folder), store.free(str(config["spool"]))) >> 20,
        "reserve_mb": int(config["reserve_mb"]),
        "reserved": os.path.exists(os.path.join(folder, "reserve")),
    }


def _before(first: Mapping[str, Any]) -> Tuple[int, str]:
    return first["n"] - 1, str(first.get("after"))


def _newest(paths: List[str]) -> List[str]:
    size, found = 0, len(paths)
    while found and (found == len(paths) or size + os.stat(paths[found - 1]).st_size <= MOST):
        found -= 1
        size += os.stat(paths[found]).st_size
    return paths[found:]


def _whole_lines(paths: List[str]) -> Iterator[Tuple[str, str]]:
    """All but a last one that is being written."""
    for place in paths:
        for where, text in store.lines([place]):
            if text.endswith("\n") or place != paths[-1]:
                yield where, text


def _joints(paths: List[str]) -> Problems:
    """Where a segment doesn't follow the one before."""
    found: Problems = []
    for before, after in zip(paths, paths[1:]):
        last, first = chain.parse(store.last_line(before)) or {}, chain.parse(_first_line(after)) or {}
        if not last or (last["n"] + 1, last["hash"]) != (first.get("n"), first.get("after")):
            number = f"{last['n'] + 1}-{first['n'] - 1}" if last and first and first["n"] > last["n"] + 1 else "?"
            found.append((os.path.basename(after), say("audit: missing", number=number)))
    return found


def _first_line(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as stream:
        return stream.readline()


def _moment(stamp: Any) -> Optional[float]:
    try:
        return float(calendar.timegm(time.strptime(str(stamp)[:19], "%Y-%m-%dT%H:%M:%S")))
    except ValueError:
        return None
