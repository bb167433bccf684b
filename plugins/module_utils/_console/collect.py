# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the console shows, read on the head: figures, what is wrong and what to do, versions, logs, who used it."""

from __future__ import annotations

import json
import math
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._console.queries import WINDOWS
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import watch_state
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import units as watched
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.words import COMMANDS, STATES

MOST_BYTES, MOST_SERIES, SECONDS = 16_000_000, 512, 10
DAYS = 31
RED = "***"
# Words after which a secret stands, and keys that are known by their form; the node's own are taken out by value.
SECRET = re.compile(
    r"(?i)(\bbearer\s+|\b(?:api[_-]?key|key|password|passwd|secret|token)\b[\"']?\s*[=:]\s*[\"']?|\bsk-|://[^/\s:@]*:)"
    r"[^\s\"',;@&]{4,}"
)
Ask = Callable[[str, Mapping[str, Any]], Any]
Said = Dict[str, Any]


def asker(base: str) -> Ask:
    """Asks Prometheus on loopback; whatever goes wrong is no answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    silent = [-SECONDS * 3.0]  # since when it does not answer: one question waits for it, not all of a pass

    def ask(path: str, values: Mapping[str, Any]) -> Any:
        if time.monotonic() - silent[0] < SECONDS * 3:
            return None
        text = urllib.parse.urlencode({**values, "timeout": f"{SECONDS}s"})
        try:
            with opener.open(f"{base}/api/v1/{path}?{text}", timeout=SECONDS + 2) as said:
                return json.loads(said.read(MOST_BYTES))["data"]
        except (ValueError, KeyError):
            return None
        except OSError as error:
            if not isinstance(error, urllib.error.HTTPError):
                silent[0] = time.monotonic()
            return None

    return ask


def number(text: Any) -> Optional[float]:
    """Four digits are more than anybody reads; what is no number is nothing."""
    value = float(text)
    return float(f"{value:.4g}") if math.isfinite(value) else None


def now_figures(ask: Ask, queries: Mapping[str, str]) -> Dict[str, List[List[Any]]]:
    """By name, rows of labels and value."""
    found: Dict[str, List[List[Any]]] = {}
    for name, query in queries.items():
        rows = (ask("query", {"query": query}) or {}).get("result") or []
        found[name] = [[row["metric"], number(row["value"][1])] for row in rows[:MOST_SERIES]]
    return found


def series(ask: Ask, queries: Mapping[str, str], window: str, now: float) -> Said:
    """Values at even times, of which the last is now; a gap is null."""
    seconds, step, _often = WINDOWS[window]
    end = int(now) // step * step
    start, count = end - seconds + step, seconds // step
    rows: Dict[str, List[List[Any]]] = {}
    for name, query in queries.items():
        asked = {"query": query, "start": start, "end": end, "step": step}
        found = (ask("query_range", asked) or {}).get("result") or []
        rows[name] = [[row["metric"], placed(row["values"], start, step, count)] for row in found[:MOST_SERIES]]
    return {"start": start, "step": step, "count": count, "rows": rows}


def placed(values: Iterable[Sequence[Any]], start: int, step: int, count: int) -> List[Optional[float]]:
    line: List[Optional[float]] = [None] * count
    for moment, value in values:
        place = round((float(moment) - start) / step)
        if 0 <= place < count:
            line[place] = number(value)
    return line


def alerts(ask: Ask) -> List[Said]:
    """What Prometheus says is wrong, the worst first."""
    rows = [row for row in (ask("alerts", {}) or {}).get("alerts") or [] if row["state"] == "firing"]
    rows.sort(key=lambda row: row["labels"].get("severity") != "critical")
    return [
        {
            "what": {tongue: row["annotations"].get(f"summary_{tongue}", "") for tongue in ("zh", "en")},
            "fix": {tongue: row["annotations"].get(f"fix_{tongue}", "") for tongue in ("zh", "en")},
        }
        for row in rows
    ]


def stopped(units: Mapping[str, Any]) -> List[Said]:
    """Units that do not run as they should, each with the command that helps."""
    found = []
    for name, unit in sorted(units.items()):
        state = watched.trouble(name, unit)
        if state:
            said, command = STATES[state], COMMANDS[state].format(name)
            found.append(
                {
                    "what": {"zh": f"{name}：{said.zh}", "en": f"{name}: {said.en}"},
                    "fix": {"zh": f"请执行 `{command}`", "en": f"run `{command}`"},
                }
            )
    return found


def failed(report: Mapping[str, Any]) -> List[Said]:
    """What the doctor found to have failed."""
    rows = [row for row in report.get("results") or [] if row["status"] == "fail" and not row.get("silenced")]
    return [{"what": row["title"], "more": row["evidence"], "fix": row["fix"], "rule": row["id"]} for row in rows]


def wrong(*sources: Iterable[Said]) -> List[Said]:
    """Each thing once, in the order of those who say it."""
    found: Dict[str, Said] = {}
    for source in sources:
        for row in source:
            found.setdefault(row["what"]["en"], row)
    return list(found.values())


def watch_says(text: Optional[str], now: float) -> List[Said]:
    state = watch_state.parse(text)
    return list(state.get("down") or []) if watch_state.fresh(state, now) else []


def versions(plan: Mapping[str, Any], running: str) -> List[Said]:
    """The images that the plan, and with it the lock, names, and what `docker inspect` says runs."""
    there = dict(line.lstrip("/").split()[:2] for line in running.splitlines() if len(line.split()) > 1)
    wanted = {unit["name"]: plan.get("image") for node in plan["nodes"].values() for unit in node["units"]}
    wanted["yitiji-open-webui"] = (plan.get("chat") or {}).get("image")
    return [
        {"unit": name, "image": image["ref"], "same": there[name] in (image.get("id"), image.get("digest"))}
        for name, image in wanted.items()
        if image and name in there
    ]


def secrets_in(folder: str) -> List[str]:
    """The node's own secrets, the longest first, so that they can be taken out by value."""
    found = set()
    for top, _folders, names in os.walk(folder):
        for name in names:
            try:
                with open(os.path.join(top, name), encoding="utf-8") as stream:
                    found |= {word for word in re.split(r"[\s\"':,={}]+", stream.read(65536)) if len(word) >= 8}
            except (OSError, ValueError):
                continue
    return sorted(found, key=len, reverse=True)


def harmless(text: str, secrets: Iterable[str]) -> str:
    """A log without what opens doors."""
    for secret in secrets:
        text = text.replace(secret, RED)
    return SECRET.sub(lambda hit: hit.group(1) + RED, text)


def counted(text: str, rows: Dict[str, List[int]]) -> None:
    """Adds lines of the gateway's log to `rows`: day, team and person -> requests, and those refused or failed."""
    for line in text.splitlines():
        try:
            told = json.loads(line)
            key = "\t".join([told["time"][:10], told["team"] or "-", told["user"] or "-"])
            bad = int(told["status"]) >= 400
        except (ValueError, KeyError, TypeError):
            continue
        row = rows.setdefault(key, [0, 0])
        row[0] += 1
        row[1] += bad


def grown(path: str, place: Tuple[int, int]) -> Tuple[str, Tuple[int, int]]:
    """What was written since (inode, offset), whole lines alone and at most some MB, also past one rotation."""
    text, (inode, offset) = "", place
    for name in (path + ".1", path):
        try:
            with open(name, "rb") as stream:
                this = os.fstat(stream.fileno()).st_ino
                if name != path and this != inode:
                    continue
                stream.seek(offset if this == inode else 0)
                read = stream.read(MOST_BYTES)
        except OSError:
            continue
        whole = read[: read.rfind(b"\n") + 1]
        offset, inode = (offset if this == inode else 0) + len(whole), this
        text += whole.decode("utf-8", "replace")
    return text, (inode, offset)


def used(path: str, before: Mapping[str, Any], tokens: Said, now: float) -> Said:
    """The counts, kept for a month."""
    rows = {str(key): list(value) for key, value in (before.get("rows") or {}).items()}
    text, place = grown(path, tuple(before.get("place") or (0, 0)))
    counted(text, rows)
    first = time.strftime("%Y-%m-%d", time.gmtime(now - DAYS * 86400))
    return {"place": place, "rows": {key: rows[key] for key in sorted(rows) if key[:10] >= first}, "tokens": tokens}


def as_csv(rows: Mapping[str, Sequence[int]]) -> str:
    """For a table program: a cell that it would calculate is a text."""
    lines = ["day,team,person,requests,failed"]
    for key, counts in rows.items():
        cells = [("'" if part[0] in "=+-@" and len(part) > 1 else "") + part for part in key.split("\t")]
        lines.append(
            ",".join(['"' + cell.replace('"', '""') + '"' for cell in cells] + [str(count) for count in counts])
        )
    return "\n".join(lines) + "\n"
