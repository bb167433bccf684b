# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node shows while it is asked: requests, memory, cards, and counters before and after. Reads only, bounded."""

from __future__ import annotations

import re
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, number
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.nvidia import parse_state
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, Unanswered

# Gauges of the engines that tell; the others (Ollama, SGLang and LMDeploy as they are started here) tell none.
REQUESTS = re.compile(
    r"^(?:vllm:num_requests_(?:running|waiting)|llamacpp:requests_(?:processing|deferred))(?:\{.*\})? (\S+)$",
    re.MULTILINE,
)
# What they have written so far, of all requests.
TOKENS = re.compile(
    r"^(?:vllm:generation_tokens_total|llamacpp:tokens_predicted_total)(?:\{.*\})? (\S+)$", re.MULTILINE
)
PROBES = 64  # tokens that the watch and the doctor may ask for meanwhile; people ask for hundreds
XID = re.compile(r"NVRM: Xid|fallen off the bus")
LOOKS, FEW = 60, 4  # of one slice, at most; of six seconds, when a node is too busy to look each second
START = 180.0  # seconds that a load may take to come
RANGES = ("degrees", "watts", "mhz", "busy_percent")
COUNTED = ("uncorrected", "corrected", "replays")
CGROUPS = "/sys/fs/cgroup"
KIB = 1024
Seen = Dict[str, Any]
Unit = Mapping[str, Any]


def watch(
    host: Host,
    units: Sequence[Unit],
    seconds: float,
    key: str = "",
    loaded: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Seen:
    """Looks for so long, at most 60 times. What a node does not tell is None.

    `key`: of the engines. `loaded`: begins when requests run; a generator may take a minute to start.
    """
    engines = {str(unit["name"]): _engine(host, str(unit["name"])) for unit in units}
    before, looks = _counters(host, engines), [_look(host, units, engines, key)]
    begun = clock()
    while loaded and looks[-1]["requests"] == 0 and clock() - begun < START:
        sleep(1)
        looks = [_look(host, units, engines, key)]
    end, pause = clock() + seconds, max(1.0, seconds / LOOKS)
    while clock() + pause < end:
        sleep(pause)
        looks.append(_look(host, units, engines, key))
    requests = sorted(look["requests"] for look in looks if look["requests"] is not None)
    written = [look["tokens"] for look in looks if look["tokens"] is not None]
    return {
        "looks": len(looks),
        "requests": requests[(len(requests) - 1) // 2] if requests else None,  # the median: a probe is soon over
        "requests_most": requests[-1] if requests else None,
        "tokens": written[-1] - written[0] if written else 0,
        "engine_bytes": looks[-1]["engine_bytes"],
        "node_bytes": looks[-1]["node_bytes"],
        "gpus": _cards([look["gpus"] for look in looks]),
        "before": before,
        "after": _counters(host, {name: _engine(host, name) for name in engines}),
    }


def busy(seen: Mapping[str, Any]) -> int:
    """Requests of others. One look alone may have met a probe; where looks were few, the node was slow to tell.

    People who ask and read run nothing half of the time: then what was written for them tells.
    """
    written = seen["tokens"] > PROBES
    return int(seen["requests"] or (seen["requests_most"] if written or seen["looks"] < FEW else 0) or written)


def others(seen: Mapping[str, Any]) -> Optional[int]:
    """The same for a report; None where no engine counts."""
    return None if seen["requests"] is None and not seen["tokens"] else busy(seen)


def _engine(host: Host, name: str) -> Dict[str, str]:
    """Process, image and run of an engine's unit, whether in a container or not."""
    shown = host.run(["systemctl", "show", "-p", "MainPID,InvocationID", name + ".service"], timeout=10)
    rows = dict(line.partition("=")[::2] for line in (shown.out if shown else "").splitlines())
    inside = host.run(["docker", "inspect", "--format", "{{.State.Pid}} {{.Image}}", name], timeout=15)
    pid, image = rows.get("MainPID", ""), ""
    if inside and inside.rc == 0 and inside.out.strip():
        pid, image = inside.out.split()[:2]
    return {"run": rows.get("InvocationID", ""), "image": image, "group": host.read(f"/proc/{pid}/cgroup") or ""}


def _look(host: Host, units: Sequence[Unit], engines: Mapping[str, Mapping[str, str]], key: str) -> Seen:
    smi = host.run(["nvidia-smi", "-q", "-x"], timeout=30)
    memory = _fields(host.read("/proc/meminfo"))
    asked, written = counts([str(unit["url"]) for unit in units if unit.get("serves")], key)
    return {
        "requests": asked,
        "tokens": written,
        "engine_bytes": _own_memory(host, {engine["group"] for engine in engines.values() if engine["group"]}),
        "node_bytes": memory["MemTotal"] - memory["MemAvailable"] if "MemAvailable" in memory else None,
        "gpus": parse_state(smi.out) if smi and smi.rc == 0 else [],
    }


def counts(urls: Sequence[str], key: str = "") -> List[Any]:
    """How many requests run and wait in engines and what these have written, by their own count; None: none tells."""
    found: Tuple[List[float], List[float]] = [], []
    for url in urls:
        try:
            told = Client(url, 5, key=key).call("/metrics")[1]
            for values, pattern in zip(found, (REQUESTS, TOKENS)):
                values += [float(value) for value in pattern.findall(told)]
        except (Unanswered, ValueError):
            continue
    return [int(sum(values)) if values else None for values in found]


def _fields(text: Any) -> Dict[str, int]:
    """`Name:  12 kB` lines as bytes."""
    rows = (line.partition(":")[::2] for line in (text or "").splitlines())
    return {name: (number(value) or 0) * KIB for name, value in rows if value}


def _own_memory(host: Host, groups: Any) -> Any:
    """Bytes of the engines' processes that no file stands behind; None without an engine."""
    found = [
        _fields(host.read(f"/proc/{pid}/status")).get("RssAnon", 0)
        for pid in (host.names("/proc") if groups else ())
        if pid.isdigit() and host.read(f"/proc/{pid}/cgroup") in groups
    ]
    return sum(found) if found else None


def _cards(looks: Sequence[Sequence[Mapping[str, Any]]]) -> List[Seen]:
    """Each card over all looks: `[least, most]` of what varies, `[first, last]` of counters, all reasons to slow."""
    found: List[Seen] = []
    for rows in zip(*looks):
        card: Seen = {key: rows[0][key] for key in ("index", "name", "mhz_max", "link_width_max", "link_gen_max")}
        for key in RANGES:
            values = [row[key] for row in rows if row[key] is not None]
            card[key] = [min(values), max(values)] if values else None
        for key in COUNTED:
            card[key] = None if rows[0][key] is None or rows[-1][key] is None else [rows[0][key], rows[-1][key]]
        for key in ("link_width", "link_gen"):  # at its widest: a card that idles narrows its link
            card[key] = max((row[key] for row in rows if row[key] is not None), default=None)
        card["slowed"] = sorted({reason for row in rows for reason in row["slowed"]})
        found.append(card)
    return found


def _counters(host: Host, engines: Mapping[str, Mapping[str, str]]) -> Seen:
    log = host.run(["dmesg"], timeout=10)
    sent, again = _segments(host.read("/proc/net/snmp") or "")
    periods = [_periods(host, engine["group"]) for engine in engines.values()]
    return {
        "runs": {name: engine["run"] for name, engine in engines.items()},
        "images": {name: engine["image"] for name, engine in engines.items()},
        "xid": len(XID.findall(log.out)) if log and log.rc == 0 else None,
        "sent": sent,
        "sent_again": again,
        "cpu_periods": sum(each[0] for each in periods),
        "cpu_held": sum(each[1] for each in periods),
        "io_stalled": _stalled(host.read("/proc/pressure/io") or ""),
    }


def _segments(text: str) -> Tuple[int, int]:
    """TCP segments that were sent, and sent again, since the boot."""
    rows = [line.split()[1:] for line in text.splitlines() if line.startswith("Tcp:")]
    values = dict(zip(*rows)) if len(rows) == 2 else {}
    return int(values.get("OutSegs", 0)), int(values.get("RetransSegs", 0))


def _stalled(text: str) -> Any:
    """Microseconds since the boot in which everything waited for disks; None where the kernel does not count."""
    found = re.search(r"^full .*total=(\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else None


def _periods(host: Host, group: str) -> Tuple[int, int]:
    """Periods of a CPU quota and those in which it held the engine back: of its group, or the tightest around it."""
    rows = [line.split(":", 2) for line in group.splitlines() if line.count(":") >= 2]
    most = (0, 0)
    for _number, names, path in rows:
        if names and "cpu" not in names.split(","):
            continue
        parts = [part for part in path.split("/") if part]
        for depth in range(len(parts) + 1):
            text = host.read("/".join([CGROUPS, *names.split(), *parts[:depth], "cpu.stat"])) or ""
            stat = dict(line.split()[:2] for line in text.splitlines())
            here = (int(stat.get("nr_periods", 0)), int(stat.get("nr_throttled", 0)))
            most = max(most, here, key=lambda pair: pair[1])
    return most
