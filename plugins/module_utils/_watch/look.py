# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at what the appliance runs on: units, ports, containers, packet rules, an answer. Reads only, bounded."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import threading
import time
import urllib.error
import urllib.request
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple
from urllib.parse import urlsplit

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import check_stamp
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import answer, rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import units as watched
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.settings import CHAT, Served, Settings, Weights

HEALTH_SECONDS = 10.0
# A unit that loads a table of the packet filter says which one: it takes it away again when it stops.
LOADS = re.compile(r"^ExecStop=-?\S*nft delete table (\w+) (\w+)\s*$", re.MULTILINE)
LOADED = re.compile(r"^ExecStart=\S*nft -f (\S+)\s*$", re.MULTILINE)
# And one that gives the node an address says which.
GIVES = re.compile(r"^ExecStop=-?(?:/usr/bin/env )?\S*ip address del ([0-9a-fA-F.:]+)/\d+ dev (\S+)\s*$", re.MULTILINE)
STATE_DIR = "/var/lib/yitiji"
OPEN, REFUSED = "open", "refused"
DATA = re.compile(r"type=bind,source=([^,\s\"]+),target=/app/backend/data\b")
Seen = Dict[str, Any]
Runner = Callable[[List[str], float], Tuple[int, str]]
Read = Callable[[str], Optional[str]]


def names_in(folder: str) -> List[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def read_file(path: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except (OSError, ValueError):
        return None


def look(settings: Settings, run: Runner) -> Seen:
    """Everything that `decide` judges by."""
    found_units = units(run)
    gone = rules.gone(run, read_file) if runs(found_units, "docker.service") else None
    seen: Seen = {
        "clock": time.monotonic(),
        "units": found_units,
        "tables": tables(found_units, run),
        "addresses": addresses(found_units, run),
        "containers": containers([service.container for service in settings.services if service.container], run),
        "docker rules": None if gone is None else not gone,
        "docker gone": gone or [],
        "doors": {service.unit: door(service) for service in settings.services if runs(found_units, service.unit)},
        "weights": {row.model: unverified(row) for row in settings.weights},
        "free": least(free(folder) for folder in (STATE_DIR, people(read_file)) if folder),
        "answer": None,
        "page": None,
    }
    if settings.head and os.path.exists(answer.SITE):
        gateway = answer.door_of(read_file, settings.https)
        keys = answer.keys_of(names_in(answer.KEYS), read_file)
        has_page = any(service.container == CHAT for service in settings.services)
        seen["answer"], seen["page"] = answer.both(gateway, keys, settings.model, has_page)
    return seen


def unverified(weights: Weights, seconds: float = 5.0) -> str:
    """Why the stamp of a model's files does not stand; empty when it does. Only sizes and times are read.

    A file server that is gone never answers: it must not stop the watch.
    """
    found: List[str] = []

    def check() -> None:
        standing = check_stamp(weights.path, weights.model)
        found.append("" if standing.valid else str(standing.reason or "there is no stamp"))

    thread = threading.Thread(target=check, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else f"{weights.path} does not answer"


def people(read: Read) -> str:
    """Where the page's unit keeps the users' data; empty where there is no page on this node."""
    found = DATA.search(read(f"{watched.FOLDER}/{CHAT}.service") or "")
    return found.group(1) if found else ""


def least(sizes: Iterable[Optional[int]]) -> Optional[int]:
    return min((size for size in sizes if size is not None), default=None)


def free(path: str) -> Optional[int]:
    """Bytes free for the users' data; None where that is not known."""
    try:
        left = os.statvfs(path)
    except OSError:
        return None
    return left.f_bavail * left.f_frsize


def units(run: Runner) -> Dict[str, Any]:
    own = watched.names(names_in(watched.FOLDER))
    rc, out = run(watched.command([*own, *watched.BASE]), 10)
    return watched.parse(out) if rc == 0 else {}


def runs(found: Mapping[str, Any], unit: str) -> bool:
    return bool(found.get(unit) and found[unit]["active"] == "active")


def tables(found: Mapping[str, Any], run: Runner, read: Read = read_file) -> Dict[str, bool]:
    """By unit, whether its table is in the kernel with all its rules; units that are not active promise none."""
    there: Dict[str, bool] = {}
    for unit in found:
        text = (read(f"{watched.FOLDER}/{unit}") or "") if runs(found, unit) else ""
        loads, loaded = LOADS.search(text), LOADED.search(text)
        if loads:
            rc, out = run(["nft", "list", "table", *loads.groups()], 10)
            wanted = chains(read(loaded.group(1)) or "") if loaded else {}
            there[unit] = rc == 0 and not fewer(chains(out), wanted)
    return there


def chains(text: str) -> Dict[str, int]:
    """Of a table as it is written or listed: how many rules each chain has."""
    found: Dict[str, int] = {}
    name = ""
    for line in map(str.strip, text.splitlines()):
        opened = re.match(r"chain (\w+) \{$", line)
        if opened:
            name = opened.group(1)
            found[name] = 0
        elif line == "}":
            name = ""
        elif name and line and not line.startswith(("#", "type ")):
            found[name] += 1
    return found


def fewer(now: Mapping[str, int], wanted: Mapping[str, int]) -> bool:
    """Whether rules were flushed or removed; rules that somebody added do not count."""
    return any(now.get(name, 0) < count for name, count in wanted.items())


def addresses(found: Mapping[str, Any], run: Runner, read: Read = read_file) -> Dict[str, bool]:
    """By unit, whether the address that it gives the node is there."""
    there: Dict[str, bool] = {}
    for unit in found:
        gives = GIVES.search(read(f"{watched.FOLDER}/{unit}") or "") if runs(found, unit) else None
        if gives:
            address, device = gives.groups()
            rc, out = run(["ip", "-o", "address", "show", "dev", device], 10)
            if rc != 127:
                there[unit] = rc == 0 and any(word.split("/")[0] == address for word in out.split())
    return there


def containers(names: Sequence[str], run: Runner) -> Optional[Dict[str, Dict[str, Any]]]:
    """Of the running ones: id, network it was made for, networks it is on. None when Docker does not answer."""
    if not names:
        return {}
    rc, out = run(["docker", "ps", "--no-trunc", "--format", "{{.Names}} {{.ID}}"], 15)
    if rc != 0:
        return None
    there = dict(line.split()[:2] for line in out.splitlines() if len(line.split()) >= 2)
    mine = [name for name in names if name in there]
    rc, out = run(["docker", "inspect", *mine], 15) if mine else (0, "[]")
    try:
        rows = json.loads(out) if rc == 0 else []
    except ValueError:
        rows = []
    return {str(row.get("Name", "")).lstrip("/"): _container(row) for row in rows}


def _container(row: Mapping[str, Any]) -> Dict[str, Any]:
    network = row.get("NetworkSettings") or {}
    return {
        "id": str(row.get("Id")),
        "mode": str((row.get("HostConfig") or {}).get("NetworkMode") or ""),
        "networks": sorted(network.get("Networks") or {}),
        "published": bool((row.get("HostConfig") or {}).get("PortBindings")),
    }


def door(service: Served) -> Dict[str, Any]:
    """Whether the port is open, and whether the health check says yes."""
    try:
        socket.create_connection((urlsplit(service.health).hostname, service.port), timeout=5).close()
    except ConnectionRefusedError:
        return {"port": REFUSED, "health": False, "reason": "Connection refused"}
    except OSError as error:
        return {"port": "silent", "health": False, "reason": str(error)}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(service.health, timeout=HEALTH_SECONDS) as said:
            return {"port": OPEN, "health": said.status == 200, "reason": f"HTTP {said.status}"}
    except urllib.error.HTTPError as error:
        return {"port": OPEN, "health": False, "reason": f"HTTP {error.code}"}
    except (OSError, http.client.HTTPException) as error:
        return {"port": OPEN, "health": False, "reason": str(getattr(error, "reason", None) or error)}
