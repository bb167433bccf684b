# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an engine ended at its start for lack of memory, and the numbers that it gave: its own words, by version.

vLLM's are of 0.4 to 0.33, SGLang's of 0.1 to 0.5, LMDeploy's and llama.cpp's of 2024 to 2026; where each was found
stands beside the replayed logs (tests/unit/module_utils/_engines/data/ended).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Iterable, List, Pattern, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._system import systemd

LINES = 4000  # of the unit's journal
LONGEST = 2000  # letters of a line
RUNS = 3  # of the unit's newest: one that has just begun has nothing to say yet

_N = r"(-?[\d,]+(?:\.\d+)?)"
_LEN = r"max seq len \(([\d,]+)\)"
# One request of the longest context finds no room in the cache.
LONG = re.compile(
    _LEN + r",? \(?" + _N + r" Gi?B KV ?cache is needed, which is larger than the available KV cache memory "
    r"\(" + _N + r" Gi?B\)(?:.*?estimated maximum model length is ([\d,]+))?"
)
LONG_TOKENS = re.compile(
    _LEN + r" is larger than the maximum number of tokens that can be stored in KV cache \(([\d,]+)\)"
)
# No room for any cache.
NONE = re.compile(
    r"No available memory for the cache blocks|Not enough memory\. Please try to increase --mem-fraction-static|"
    r"No enough gpu memory for|failed to allocate buffer for kv cache"
)
NONE_CPU = re.compile(r"Available memory on node \d+ \(" + _N + "/" + _N + r" GiB\) on kv cache allocation is less")
# The share of the card that was asked for is not free.
FREE = re.compile(
    r"(?:Free memory on device|Available memory on node)[^(]*\("
    + _N
    + "/"
    + _N
    + r" GiB\) on startup is less than desired"
)
# The card is full: torch of any device, old and new; TurboMind; ggml.
FULL = re.compile(
    r"(?:CUDA|HIP|NPU|XPU) out of memory|CUDA runtime error: out of memory|cudaMalloc failed: out of memory"
)
_SIZE = _N + r" ([KMG]i?B|bytes)"
TRIED = re.compile(r"Tried to allocate " + _SIZE + "|allocating " + _SIZE + " on device")
ROOM = re.compile(r"total capacity of " + _SIZE + " of which " + _SIZE + r" is free")
ROOM_OLD = re.compile(_SIZE + r" total capacity;.*?" + _SIZE + r" free")
SAMPLER = re.compile(r"warming up (?:sampler|pooler) with (\d+) dummy requests")
# llama.cpp goes on after a full card (without pipelining); these say that it did not.
GAVE_UP = re.compile(
    r"failed to initialize the context|error loading model|failed to create context|unable to load model"
)
GGML_LOAD = re.compile(r"unable to allocate \S+ buffer|unable to allocate backend buffer")
# What stands in a log before the end tells how far it came.
LOADED = re.compile(
    r"Model loading took|[Ll]oading model weights took|model weights take|Load weight end|model buffer size"
)
SIZED = re.compile(
    r"Available KV cache memory|reserved for KV Cache is|(?:GPU|CPU) KV cache size|# (?:GPU|cuda) blocks|"
    r"KV Cache is allocated|Memory pool end|Capture cuda graph|KV buffer size"
)
CACHE = re.compile(r"(?:Available KV cache memory: |reserved for KV Cache is )" + _N + " ?GiB")
# An engine that once served did not end at its start.
SERVED = re.compile(r"Application startup complete|fired up and ready to roll|main: model loaded")
UNITS = {"B": 1 / 1024**3, "K": 1 / 1024**2, "M": 1 / 1024, "G": 1.0}
# The nearest to the cause first, where the ranks of an engine say different things.
KINDS = ("load", "profile", "graphs", "free", "cache", "context")


def read(lines: Iterable[str]) -> Dict[str, Any]:
    """What one run said of memory before it ended: {kind, line, and its numbers, GiB on one card}; {} for other ends.

    kind: `load` (the weights do not fit), `profile` (the first forward pass), `graphs` (after the cache), `free`
    (others hold the card), `cache` (nothing is left for one), `context` (less is left than one request takes).
    """
    log = [line[:LONGEST] for line in lines][-LINES:]
    if any(SERVED.search(line) for line in log):
        return {}
    found = [said for said in (_long(log), _none(log), _free(log), _full(log)) if said]
    return worst(found)


def worst(ends: Iterable[Dict[str, Any]]) -> Dict[str, Any]:
    """Of several ranks' words, those nearest to the cause, and of equal ones those with the least memory."""
    rows = [row for row in ends if row]
    if not rows:
        return {}
    return min(rows, key=lambda row: (KINDS.index(row["kind"]), row.get("kv_gib", 0.0), row.get("free_gib", 0.0)))


def of_unit(ask: systemd.Runner, unit: str) -> Dict[str, Any]:
    """The same for a unit, from its newest runs since its file was written: older ones had other arguments."""
    try:
        since = int(Path(systemd.unit_path(unit)).stat().st_mtime)
    except OSError:
        return {}
    for run in systemd.runs(ask, unit, LINES, since)[:RUNS]:
        said = read(systemd.read_log(ask, unit, LINES, run))
        if said:
            return said
    return {}


def _long(log: Sequence[str]) -> Dict[str, Any]:
    rows = []
    for line in log:
        new, old = LONG.search(line), LONG_TOKENS.search(line)
        if new:
            row = {"max_len": _int(new[1]), "need_gib": _gib(new[2]), "kv_gib": _gib(new[3])}
            rows.append(
                {**row, **({"longest": _int(new[4])} if new[4] else {}), "kind": "context", "line": _short(line)}
            )
        elif old:
            row = {"max_len": _int(old[1]), "longest": _int(old[2])}
            rows.append({**row, **_cache(log), "kind": "context", "line": _short(line)})
    return min(rows, key=lambda row: (row.get("kv_gib", 0.0), row.get("longest", 0)), default={})


def _none(log: Sequence[str]) -> Dict[str, Any]:
    for line in reversed(log):
        cpu = NONE_CPU.search(line)
        if cpu:
            return {"kind": "cache", "kv_gib": _gib(cpu[1]), "line": _short(line)}
        if NONE.search(line):
            tried = next((_sizes(TRIED, row) for row in reversed(log) if FULL.search(row)), [])
            return {"kind": "cache", **({"tried_gib": tried[0]} if tried else {}), **_cache(log), "line": _short(line)}
    return {}


def _free(log: Sequence[str]) -> Dict[str, Any]:
    rows = [(match, line) for line in log for match in [FREE.search(line)] if match]
    found = [
        {"kind": "free", "free_gib": _gib(match[1]), "total_gib": _gib(match[2]), "line": _short(line)}
        for match, line in rows
    ]
    return min(found, key=lambda row: float(row["free_gib"]), default={})


def _full(log: Sequence[str]) -> Dict[str, Any]:
    """A card that is full. The first place counts: what follows it are the same words of those who passed them on."""
    places = [number for number, line in enumerate(log) if FULL.search(line)]
    if not places:
        return {}
    first = places[0]
    ggml = "cudaMalloc" in log[first]
    after = log[first:]
    if ggml and not any(GAVE_UP.search(line) for line in after):
        return {}
    kind = "load"
    if any(SIZED.search(line) for line in log[:first]) or any("Capture cuda graph failed" in line for line in after):
        kind = "graphs"
    elif any(LOADED.search(line) for line in log[:first]):
        kind = "profile"
    if ggml and any(GGML_LOAD.search(line) for line in after):
        kind = "load"
    row: Dict[str, Any] = {"kind": kind, **_cache(log), "line": _short(log[first])}
    tried = [size for line in after if FULL.search(line) for size in _sizes(TRIED, line)]
    rooms = [size for line in after for size in (_sizes(ROOM, line) or _sizes(ROOM_OLD, line))]
    if tried:
        row["tried_gib"] = max(tried)
    if rooms:
        row.update(total_gib=rooms[0], free_gib=min(rooms[1::2]))
    sampler = next((match for line in after for match in [SAMPLER.search(line)] if match), None)
    return {**row, **({"requests": int(sampler[1])} if sampler else {})}


def _cache(log: Sequence[str]) -> Dict[str, Any]:
    """What the log gives as room for the cache; below zero where the rest takes more than the budget."""
    sizes = [_gib(size) for line in log for size in CACHE.findall(line)]
    return {"kv_gib": min(sizes)} if sizes else {}


def _sizes(pattern: Pattern[str], line: str) -> List[float]:
    """The sizes in a line as GiB, in their order; none where it does not match."""
    match = pattern.search(line)
    parts = [part for part in match.groups() if part] if match else []
    return [round(_gib(size) * UNITS[unit[0].upper()], 4) for size, unit in zip(parts[::2], parts[1::2])]


def _gib(number: str) -> float:
    return float(number.replace(",", ""))


def _int(number: str) -> int:
    return int(number.replace(",", ""))


def _short(line: str) -> str:
    """The words themselves, without the traceback's prefix, no longer than a person reads."""
    start = min((line.find(word) for word in _BEGINS if word in line), default=0)
    return line[start:].strip()[:300]


_BEGINS = (
    "To serve at least", "The model's max seq len", "No available memory", "Not enough memory", "No enough gpu",
    "Free memory on device", "Available memory on node", "CUDA out of memory", "HIP out of memory",
    "NPU out of memory", "XPU out of memory", "CUDA runtime error", "allocating", "failed to allocate",
)  # fmt: skip
