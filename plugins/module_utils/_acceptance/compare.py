# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two reports of the same deployment: what changed of machines, versions and figures."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Tuple

Row = Mapping[str, Any]
DEPLOYMENT = ("profile", "model", "engine", "planned", "collection", "plan_sha256")
HARDWARE = ("maker", "product", "serial", "board_serial", "machine", "cpu", "threads", "memory_bytes")
SOFTWARE = ("system", "kernel", "driver", "docker", "firmware")
# Parts of a machine, by what tells one from the others.
PARTS = (
    ("gpus", "uuid", "name"), ("disks", "serial", "model"), ("interfaces", "mac", "driver"),
    ("images", "sha256", "ref"), ("weights", "sha256", "model"),
)  # fmt: skip
COMPARED: Tuple[Tuple[str, Callable[[Row], float]], ...] = (
    ("tokens_per_second", lambda row: float(row["tokens_per_second"])),
    ("first_token_p90", lambda row: float(row["first_token_ms"]["p90"]) / 1000),
    ("latency_p90", lambda row: float(row["latency_ms"]["p90"]) / 1000),
)


def against(before: Row, after: Row) -> Dict[str, Any]:
    """-> `number` and `made` of the earlier report, and `rows` of `{kind, of, key, before, after, percent}`.

    Of machines and versions only what differs; of figures all that both reports have. `percent` only of numbers.
    """
    rows = [*_versions(before, after), *_machines(before, after), *_figures(before, after)]
    return {"number": before.get("number", "-"), "made": before["made"], "rows": rows}


def _row(kind: str, of: str, key: str, was: Any, now: Any) -> Dict[str, Any]:
    return {"kind": kind, "of": of, "key": key, "before": was, "after": now, "percent": _percent(was, now)}


def _percent(was: Any, now: Any) -> Optional[float]:
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (was, now))
    return round(100.0 * (now / was - 1), 1) if numbers and was else None


def _versions(before: Row, after: Row) -> Iterator[Dict[str, Any]]:
    for key in DEPLOYMENT:
        if before.get(key) != after.get(key):
            yield _row("software", str(after["deployment"]), key, before.get(key), after.get(key))


def _machines(before: Row, after: Row) -> Iterator[Dict[str, Any]]:
    hosts = dict.fromkeys([*before["identity"], *after["identity"]])
    for host in hosts:
        was, now = (report["identity"].get(host) or {} for report in (before, after))
        for kind, keys in (("hardware", HARDWARE), ("software", SOFTWARE)):
            for key in keys:
                if was.get(key) != now.get(key):
                    yield _row(kind, host, key, was.get(key), now.get(key))
        for part, number, name in PARTS:
            then, today = (  # a disk of a virtual machine has no number
                {row.get(number) or f"({row.get(name)})": row.get(name) for row in each.get(part) or ()}
                for each in (was, now)
            )
            for each in [value for value in dict.fromkeys([*then, *today]) if (value in then) != (value in today)]:
                gone = f"{then.get(each) or today.get(each)} {each}"
                kind = "software" if number == "sha256" else "hardware"
                yield _row(kind, host, part, *((gone, None) if each in then else (None, gone)))


def _figures(before: Row, after: Row) -> Iterator[Dict[str, Any]]:
    old = {_step(row): row for row in before["speed"]}
    for row in after["speed"]:
        if _step(row) in old:
            for key, take in COMPARED:
                yield _row("figure", _step(row), key, round(take(old[_step(row)]), 3), round(take(row), 3))
    areas = {row["area"]: row["percent"] for row in (before.get("quality") or {}).get("areas", ())}
    for row in (after.get("quality") or {}).get("areas", ()):
        if row["area"] in areas:
            yield _row("figure", "quality", row["area"], areas[row["area"]], row["percent"])
    verdicts = {row["id"]: row["verdict"] for row in before["function"]}
    for row in after["function"]:
        if verdicts.get(row["id"], row["verdict"]) != row["verdict"]:
            yield _row("figure", "function", row["id"], verdicts[row["id"]], row["verdict"])


def _step(row: Row) -> str:
    return f"{row['prompt']} / {row['answer']} · {row['concurrency']}"
