# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker's own packet rules: whether they are there, a copy of them, and putting it back.

Docker writes them once and does not look at them again. Restarting it writes them anew, and restarts every container.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._system import docker_flags

TABLES = ("nat", "filter")
BRIDGES = "table ip docker-bridges"  # of Docker's other backend
DOCKERS = re.compile(r"DOCKER|\bdocker0\b|\bbr-|MASQUERADE")
NETWORK = {
    "name": re.compile(r"com\.docker\.network\.bridge\.name"),
    "masquerade": re.compile(r"com\.docker\.network\.bridge\.enable_ip_masquerade"),
    "mode": re.compile(r"com\.docker\.network\.bridge\.gateway_mode_ipv4"),
}
Runner = Callable[[List[str], float], Tuple[int, str]]
Read = Callable[[str], Optional[str]]
Rows = Mapping[str, Sequence[str]]


class Network(NamedTuple):
    """A network of Docker's that this node translates addresses for."""

    name: str
    subnets: List[str]
    addresses: List[str]  # of its gateway and of the running containers on it
    bridge: str = ""


def networks(run: Runner) -> List[Network]:
    rc, out = run(["docker", "network", "ls", "--quiet", "--filter", "driver=bridge"], 10)
    ids = out.split() if rc == 0 else []
    rc, out = run(["docker", "network", "inspect", *ids], 10) if ids else (1, "")
    try:
        rows = json.loads(out) if rc == 0 else []
        return [_network(row) for row in rows if _translated(row)]
    except (ValueError, AttributeError, TypeError):
        return []


def _translated(row: Mapping[str, Any]) -> bool:
    options = row.get("Options") or {}
    return not row.get("Internal") and not any(
        (NETWORK["masquerade"].match(key) and value == "false")
        or (NETWORK["mode"].match(key) and value not in ("nat", "nat-unprotected"))
        for key, value in options.items()
    )


def _network(row: Mapping[str, Any]) -> Network:
    plans = [plan for plan in (row.get("IPAM") or {}).get("Config") or [] if ":" not in str(plan.get("Subnet"))]
    held = [str(one.get("IPv4Address")).partition("/")[0] for one in (row.get("Containers") or {}).values()]
    gates = [str(plan["Gateway"]) for plan in plans if plan.get("Gateway")]
    named = [value for key, value in (row.get("Options") or {}).items() if NETWORK["name"].match(key)]
    bridge = str(named[0]) if named else f"br-{str(row.get('Id') or '')[:12]}"
    return Network(str(row.get("Name")), [str(plan["Subnet"]) for plan in plans], [*gates, *held], bridge)


def gone(run: Runner, read: Read, zones: bool = False) -> Optional[List[str]]:
    """What is missing of the rules that let containers out and their ports in; None where that can't be asked.

    `zones`: firewalld's are looked at too. Their administrator may have other ways than Docker's: told, never repaired.
    """
    found = there(run)
    if found is None:
        return None
    options = docker_flags.loaded(read(docker_flags.DAEMON_JSON) or "")
    rows = copy(run)
    missing = [] if found else _chains(options, run)
    nets = networks(run)
    missing += without(rows, nets) if rows and options.get("firewall-backend") != "nftables" else []
    missing += zoneless(run, nets) if zones else []
    return None if missing and not managed(options, run, read) else missing


def _chains(options: Mapping[str, Any], run: Runner) -> List[str]:
    if options.get("firewall-backend") == "nftables":
        return [BRIDGES]
    asked = {table: run(["iptables", "-w", "5", "-t", table, "-S", "DOCKER"], 10)[0] for table in TABLES}
    return [f"{table}: DOCKER" for table, code in asked.items() if code]


def without(rows: Rows, nets: Sequence[Network]) -> List[str]:
    """The jumps to Docker's chains and the translations that are not in these rows, as `table: chain ...`."""
    nat, filter_ = rows.get("nat") or [], rows.get("filter") or []
    missing = []
    if not any(re.match(r"-A PREROUTING .*-j DOCKER\b", row) for row in nat):
        missing.append("nat: PREROUTING -j DOCKER")
    if not any(re.match(r"-A FORWARD .*-j DOCKER", row) for row in filter_):
        missing.append("filter: FORWARD -j DOCKER…")
    out = [row for row in nat if row.startswith("-A POSTROUTING") and re.search(r"-j (MASQUERADE|SNAT)", row)]
    for net in nets:
        for subnet in net.subnets:
            if not any(f"-s {subnet} " in row for row in out):
                missing.append(f"nat: POSTROUTING -s {subnet} -j MASQUERADE ({net.name})")
    return missing


def zoneless(run: Runner, nets: Sequence[Network]) -> List[str]:
    """Bridges that firewalld knows in no zone, so that it lets nothing through them.

    Docker puts its bridges into a zone where firewalld ran when Docker started.
    """
    rc, out = run(["nft", "list", "table", "inet", "firewalld"], 10)
    return [f"inet firewalld: {net.bridge} ({net.name})" for net in nets if rc == 0 and f'"{net.bridge}"' not in out]


def managed(options: Mapping[str, Any], run: Runner, read: Read) -> bool:
    """Whether Docker was left in charge of these rules."""
    rc, out = run(docker_flags.QUESTION, 10)
    flag = docker_flags.options(docker_flags.started(out, read, lambda _folder: []).words) if rc == 0 else {}
    return options.get("iptables") is not False and flag.get("iptables") != "--iptables=false"


def there(run: Runner) -> Optional[bool]:
    """None where there is no iptables to ask, or Docker writes its rules with nft."""
    codes = [run(["iptables", "-w", "5", "-t", table, "-S", "DOCKER"], 10)[0] for table in TABLES]
    if 127 in codes:
        return None
    if any(codes) and run(["nft", "list", "table", "ip", "docker-bridges"], 10)[0] == 0:
        return None
    return not any(codes)


def copy(run: Runner) -> Dict[str, List[str]]:
    """The lines of both tables; {} when one can't be read."""
    found: Dict[str, List[str]] = {}
    for table in TABLES:
        rc, out = run(["iptables-save", "-t", table], 10)
        if rc != 0:
            return {}
        found[table] = lines(out)
    return found


def lines(text: str) -> List[str]:
    """Chains and rules without comments, and without counters, which change all the time."""
    kept = [line.strip() for line in text.splitlines() if line[:1] in (":", "-")]
    return [line.rpartition(" [")[0] + " [0:0]" if line.startswith(":") else line for line in kept]


def of_today(kept: Rows, nets: Sequence[Network], links: Sequence[str]) -> Dict[str, List[str]]:
    """Of rows that were kept, those that are not about containers or networks that have gone since.

    No links: they could not be read.
    """
    subnets = [ipaddress.ip_network(subnet, False) for net in nets for subnet in net.subnets]
    held = {address for net in nets for address in net.addresses}

    def stands(row: str) -> bool:
        if links and any(link not in links for link in re.findall(r"\bbr-[\w-]+", row)):
            return False
        for address in re.findall(r"(?<![\d.])(?:\d+\.){3}\d+(?=/32|:|\s|$)", row):
            inside = any(ipaddress.ip_address(address) in subnet for subnet in subnets)
            if inside and address not in held:
                return False
        return True

    return {table: [row for row in rows if row[:1] == ":" or stands(row)] for table, rows in kept.items()}


def today(kept: Rows, run: Runner, links: str = "/sys/class/net") -> Dict[str, List[str]]:
    """The same, by what runs now. A container of somebody else's comes and goes as he likes."""
    return of_today(kept, networks(run), os.listdir(links) if os.path.isdir(links) else [])


def lost(kept: Rows, now: Rows) -> bool:
    """Whether a line of Docker's own is gone; rules of others do not count."""
    return any(DOCKERS.search(row) and row not in now.get(table, []) for table, rows in kept.items() for row in rows)


def missing(kept: Rows, now: Rows) -> str:
    """Input of `iptables-restore --noflush` that brings Docker's lines back; nothing that is there is written twice."""
    out: List[str] = []
    for table, rows in kept.items():
        have = set(now.get(table) or [])
        lines_ = [row for row in rows if row not in have and (row[0] == ":" or DOCKERS.search(row))]
        if lines_:
            out += [f"*{table}", *lines_, "COMMIT"]
    return "\n".join(out) + "\n" if out else ""


def containers_key(containers: Optional[Mapping[str, Mapping[str, Any]]]) -> List[str]:
    """The rules hold the containers' addresses: a copy is good for these containers alone."""
    return sorted(str(row["id"]) for row in (containers or {}).values())
