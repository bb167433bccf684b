# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a node's parts are: the disk by dd, memory and cards by PyTorch in the engine's own container.

Where an engine has no PyTorch, memory is copied by this process.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.soak import figure
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.words import WORDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Text, notice
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host

LEAST = 64 << 20  # bytes; a shorter file measures its opening
BLOCKS, SECONDS = 256, 20  # of 16 MiB: at most 4 GiB are read
COPIED_AT_ONCE, COPYING = 32 << 20, 2.0  # bytes of each thread, more than a cache holds for it; seconds
LOADING = 180.0  # seconds for PyTorch and two seconds of each part
COPIED = re.compile(r"^(\d+) bytes.*copied, ([\d.e-]+) s", re.MULTILINE)
PROGRAM = """
import json, os, time, torch
def rate(work, sync=lambda: None):
    work(); sync(); done, began = 0, time.perf_counter()
    while time.perf_counter() - began < 2:
        work(); sync(); done += 1
    return done / (time.perf_counter() - began)
def copied(size, place, sync=lambda: None):
    one, other = (torch.ones(size, dtype=torch.uint8, device=place) for _ in range(2))
    return 2 * size * rate(lambda: other.copy_(one), sync) / 1e9
torch.set_num_threads(len(os.sched_getaffinity(0)))
found = {"memory_gbs": copied(1 << 28, "cpu"), "gpus": []}
for place in range(torch.cuda.device_count()):
    torch.cuda.set_device(place)
    free, sync = torch.cuda.mem_get_info()[0], torch.cuda.synchronize
    gbs = copied(min(1 << 30, free // 8), "cuda", sync)
    side = 8192 if free > 2 << 30 else 2048
    one = torch.randn(side, side, dtype=torch.float16, device="cuda")
    other = torch.empty_like(one)
    found["gpus"].append({"gbs": gbs, "tflops": 2 * side**3 * rate(lambda: torch.mm(one, one, out=other), sync) / 1e12})
print(json.dumps(found))
"""
Row = Mapping[str, Any]


def measure(host: Host, weights: str, containers: Sequence[str]) -> Dict[str, Any]:
    """-> `disk_mbs`, `memory_gbs` and of each card `gbs` and `tflops`; None where it can't be measured here."""
    found: Dict[str, Any] = {"disk_mbs": _disk(host, weights), "memory_gbs": None, "gpus": []}
    for name in containers:  # each has cards of its own
        said = host.run(["docker", "exec", name, "python3", "-c", PROGRAM], timeout=LOADING)
        try:
            row = json.loads(said.out.strip().splitlines()[-1]) if said and said.rc == 0 else {}
        except (ValueError, IndexError):
            continue
        found["memory_gbs"] = found["memory_gbs"] or row.get("memory_gbs")
        found["gpus"] += row.get("gpus") or []
    found["memory_gbs"] = found["memory_gbs"] or _memory(len(os.sched_getaffinity(0)))
    return found


def _memory(threads: int) -> float:
    """GB/s of copies by so many threads, read and written, as PROGRAM counts them: libc needs no lock of Python's."""

    def copy(_number: int) -> float:
        one, other = (ctypes.create_string_buffer(COPIED_AT_ONCE) for _each in range(2))
        for part in (one, other):  # a page that was never written is nowhere
            ctypes.memset(part, 1, COPIED_AT_ONCE)
        done, began = 0, time.monotonic()
        while time.monotonic() - began < COPYING:
            ctypes.memmove(other, one, COPIED_AT_ONCE)
            done += 1
        return 2 * COPIED_AT_ONCE * done / (time.monotonic() - began)

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(copy, range(threads))) / 1e9


def told(host: Host, models: Sequence[Row]) -> Dict[str, Any]:
    """What no other fact tells: `weights` by their verified manifests, `firmware` of interfaces."""
    stamps = (_object(host.read(str(model["stamp"]))) for model in models)
    weights = [
        {"model": f"{row['model']} ({row['revision']})", "sha256": row["manifest_sha256"]} for row in stamps if row
    ]
    net, firmware = "/sys/class/net/", {}
    for name in host.names(net):
        if host.exists(net + name + "/device"):
            said = host.run(["ethtool", "-i", name])
            found = re.search(r"^firmware-version: *(\S.*)", said.out if said else "", re.MULTILINE)
            firmware[name] = found.group(1) if found else None
    return {"weights": weights, "firmware": firmware}


def _object(text: Optional[str]) -> Dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _disk(host: Host, folder: str) -> Optional[float]:
    """MB/s of the largest file, past the page cache; None where it is small, or its file system can't do without."""
    files = [os.path.join(top, name) for top, _folders, names in os.walk(folder) for name in names]
    largest = max(((os.path.getsize(path), path) for path in files if os.path.isfile(path)), default=(0, ""))
    if largest[0] < LEAST:
        return None
    words = ["timeout", "-s", "INT", str(SECONDS), "dd", f"if={largest[1]}", "of=/dev/null", "bs=16M", "iflag=direct"]
    said = host.run([*words, f"count={BLOCKS}"], timeout=SECONDS + 10)
    copied = COPIED.search(said.err) if said else None
    return round(int(copied.group(1)) / max(float(copied.group(2)), 1e-6) / 1e6, 1) if copied else None


def _shown(value: Any) -> Any:
    return "-" if value is None else value


def figures(machines: Mapping[str, Row], limits: Row, card: Row) -> List[Dict[str, Any]]:
    """Each as `soak.figures` has it. `card`: `gbs` and `tflops` of the catalogue's speed, empty where it knows none."""
    found: List[Dict[str, Any]] = []
    told = {"card_gbs": card.get("gbs"), "card_tflops": (card.get("tflops") or {}).get("fp16")}
    told["sum_gbs"] = card.get("link_gbs") or card.get("pcie_gbs")
    wanted = {key: round(limits[key + "_share"] * value, 1) if value else None for key, value in told.items()}
    for node, machine in machines.items():
        rows: List[Tuple[str, str, Any, Any]] = [
            (node, key, limits[key], machine.get(key)) for key in ("disk_mbs", "memory_gbs")
        ]
        for place, each in enumerate(machine.get("gpus") or ()):
            rows += [(f"{node}, {place}", "card_" + key, wanted["card_" + key], each[key]) for key in ("gbs", "tflops")]
        link = machine.get("link") or {}
        for each in [each for each in link.get("sums") or () if each["first"]]:
            least = wanted["sum_gbs"] if each["own"] else None
            rows.append((f"{node}, {each['ranks']}", "sum_gbs", least, each["gbs"]))
        network = link.get("network")
        if network:
            between = f"{node} - {network['to']}"
            rows.append((between, "network_mbps", limits["network_mbps"], network["mbps"]))
            percent, most = network["again_percent"], limits["sent_again_percent"]
            if percent is not None:
                again = notice("LLM866", node=between, percent=percent)
                found.append({**figure(again, "network_again", most, percent, percent <= most), "step": {}})
        for where, key, least, measured in rows:
            zh, en = WORDS[key]
            value = None if measured is None else round(measured, 1)
            said = notice("LLM868", node=where, what=Text(en, zh), measured=_shown(value), stated=_shown(least))
            skipped = value is None or least is None
            row = figure(said, key, _shown(least), _shown(value), not skipped and value >= least)
            found.append({**row, "step": {}, **({"verdict": "skipped"} if skipped else {})})
    return found
