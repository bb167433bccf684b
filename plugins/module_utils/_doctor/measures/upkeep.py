# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service stands on: certificate, packet rules, the page's database, files; and what the watch left behind."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import STATE_DIR
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, number
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import watch_state as state
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import answer, look, rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui.data import DATABASE, as_owner

RECORD = f"{STATE_DIR}/open-webui.json"
MAGIC = b"SQLite format 3\0"
DATABASE_SECONDS = 4.0
BOOTING = 240.0
# Folders whose files are never empty on a healthy node, and single files.
FILLED = ("/etc/yitiji/secrets", "/etc/yitiji/tls", "/etc/nginx/yitiji")
SINGLE = ("/etc/nginx/conf.d/yitiji.conf", "/etc/yitiji/firewall.nft", "/etc/yitiji/doctor.json")


def certificate(host: Host, now: float) -> Optional[Dict[str, Any]]:
    """What is wrong with the two files that nginx reads, and for how many seconds the certificate is still valid."""
    path = answer.CERTIFICATE
    if not host.exists(os.path.dirname(path)):
        return None
    for name in (path, path[: -len("crt")] + "key"):
        if not host.exists(host.resolve(name)):
            return {"path": name, "problem": "no such file", "left": None}
    said = host.run(["openssl", "x509", "-noout", "-enddate", "-in", path], timeout=5)
    if said and said.rc != 0:
        return {"path": path, "problem": "it is no certificate", "left": None}
    try:
        text = (said.out if said else "").strip()
        words = text.split("notAfter=", 1)[1].split()  # Jan  2 03:04:05 2027 GMT
        ends = parsedate_to_datetime(f"{words[1]} {words[0]} {words[3]} {words[2]} +0000").timestamp()
    except (IndexError, ValueError, TypeError):
        return {"path": path, "problem": "", "left": None}
    return {"path": path, "problem": "", "left": ends - now}


def packet_rules(host: Host, node: Mapping[str, Any], units: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
    """Whether the tables of our units and Docker's chains are in the kernel; None without the right to ask."""

    def run(words: List[str], seconds: float) -> Tuple[int, str]:
        said = host.run(words, timeout=seconds)
        return (said.rc, said.out) if said else (127, "")

    docker = (node.get("containers") or {}).get("docker") or {}
    if run(["nft", "list", "tables"], 5)[0] != 0:
        return None
    own = ((docker.get("daemon_json") or {}).get("data") or {}).get("iptables") is not False
    gone = rules.gone(run, host.read, zones=True) if docker.get("running") and own else None
    missing = [*(gone or []), *(closed(docker, rules.copy(run)) if gone is not None else [])]
    found = {"tables": look.tables(units, run, host.read), "docker": None if gone is None else not missing}
    return {**found, "missing": missing} if missing else found


def closed(docker: Mapping[str, Any], rows: rules.Rows) -> List[str]:
    """Published ports of containers to which no rule leads; Docker's other backend has no such rows at all."""
    nat = rows.get("nat") or []
    if not any(" -j DNAT " in row or row.startswith(":DOCKER ") for row in nat):
        return []
    return [
        "nat: DOCKER --dport {} ({})".format(port["port"], container["name"])
        for container in docker.get("containers") or []
        for port in container["ports"]
        if ":" not in str(port["address"]) and not any(re.search(rf"--dport {port['port']}\b", row) for row in nat)
    ]


def addresses(host: Host, units: Mapping[str, Any]) -> Optional[Dict[str, bool]]:
    """By unit, whether the address that it gives this node is there; None where nobody can be asked."""

    def run(words: List[str], seconds: float) -> Tuple[int, str]:
        said = host.run(words, timeout=seconds)
        return (said.rc, said.out) if said else (127, "")

    if run(["ip", "-o", "address", "show", "dev", "lo"], 5)[0] != 0:
        return None
    return look.addresses(units, run, host.read)


def data_folder(host: Host) -> str:
    """Where the page's unit keeps the users' data; else where it usually does."""
    return look.people(host.read) or f"{STATE_DIR}/open-webui"


def database(host: Host, folder: str) -> Optional[Dict[str, Any]]:
    """What is wrong with the page's SQLite file; `whole` is false where there was no time to read all of it."""
    path = f"{folder}/{DATABASE}"
    if not host.exists(path):
        other = '"postgresql"' in (host.read(RECORD) or "")
        if other:
            return {"path": path, "kind": "other"}
        return {"path": path, "problem": "no such file"} if host.exists(RECORD) else None
    try:
        with open(path, "rb") as stream:
            if stream.read(len(MAGIC)) != MAGIC:
                return {"path": path, "problem": "it is no SQLite database"}
        problem, whole = _check(Path(path))
    except OSError as error:
        return {"path": path, "problem": error.strerror or str(error)}
    return {"path": path, "problem": problem, "whole": whole}


def _check(path: Path) -> Tuple[str, bool]:
    """SQLite's own check, stopped where it takes too long."""
    end = time.monotonic() + DATABASE_SECONDS
    try:
        with as_owner(path), contextlib.closing(
            sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=DATABASE_SECONDS)
        ) as db:
            db.set_progress_handler(lambda: int(time.monotonic() > end), 20000)
            said = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        late = "interrupted" in str(error) or "locked" in str(error)
        return ("", False) if late else (str(error), False)
    except sqlite3.Error as error:
        return str(error), False
    return ("" if said == "ok" else said, True)


def emptied(host: Host) -> List[str]:
    """Files that hold something on a healthy node, and nothing now."""
    paths = [f"{folder}/{name}" for folder in FILLED for name in host.names(folder)]
    return sorted(path for path in [*paths, *SINGLE] if _is_empty(host, path))


def _is_empty(host: Host, path: str) -> bool:
    if not host.exists(path):
        return False
    try:
        return os.path.isfile(path) and os.stat(path).st_size == 0
    except OSError:
        return False


def watch(host: Host, now: float) -> Dict[str, Any]:
    """Whether the watch is there, when it last looked, and what it and systemd repaired within a day."""
    found = state.parse(host.read(state.STATE))
    up = number((host.read("/proc/uptime") or "").split(".", maxsplit=1)[0])
    return {
        "installed": host.exists(state.TIMER),
        "fresh": state.fresh(found, now),
        "age": max(0.0, now - float(found["written"])) if found else None,
        "booting": up is not None and up < BOOTING,
        "repairs": state.repairs(found, now) if found else None,
        "failed": int(state.total(found, now)[2]) if found else 0,
    }
