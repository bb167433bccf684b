# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who on a node reaches the appliance's inner ports, and what its containers reach, as one nftables table.

Each role writes what it needs into a file of /etc/yitiji/guard.d:
  doors     [{ports, users}]: TCP ports on loopback, and the only users who reach them; `@nginx` is nginx's user
  networks  [{name, to, node}]: a Docker network; what its containers reach outside the node and on it, each host:port
  users     [{user, to, near}]: an engine that is no container, or one on the node's own network; what it reaches, and
            the addresses of which it reaches every port
  keepers   [user]: further users who reach the doors
  between   [{addresses, users}]: nodes that compute together, and the only users of the node who reach them
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence, Tuple

TABLE = "inet yitiji_guard"
FOLDER = "/etc/yitiji/guard.d"
PARTS = ("doors", "networks", "users", "between", "keepers")
NGINX = "@nginx"
PEOPLE = "1000-60000"  # uids of people, as distributions give them out
HIGH = "1024-65535"


class Lookup(NamedTuple):
    """What only the node knows."""

    uids: Callable[[str], List[int]]  # of a user's name or number
    bridges: Callable[[str], List[str]]  # of a Docker network
    addresses: Callable[[str], List[str]]  # of a host's name
    nameservers: Callable[[], List[str]]
    place: Callable[[str], str]  # host:port of the address in a file


def bridge(network: str) -> str:
    """Name of a network's interface: fixed, so that rules hold when the network is made anew."""
    name = "br-" + network
    return name if len(name) <= 15 else "br-" + hashlib.sha256(network.encode()).hexdigest()[:12]


def read(folder: str = FOLDER) -> Dict[str, List[Any]]:
    """All files of the folder as one."""
    found: Dict[str, List[Any]] = {part: [] for part in PARTS}
    for path in sorted(Path(folder).glob("*.json")):
        given = json.loads(path.read_text(encoding="utf-8"))
        for part in PARTS:
            found[part] += given.get(part) or []
    return found


def split(place: str, port: int = 0) -> Tuple[str, int]:
    """Host and port of `host:port` or `[address]:port`."""
    host, colon, number = place.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        return place.strip("[]"), port
    return host.strip("[]"), int(number)


def is_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def _family(address: str) -> str:
    return "ip6" if ":" in address else "ip"


def _set(values: Sequence[Any]) -> str:
    return "{ " + ", ".join(str(value) for value in values) + " }"


def _names(bridges: Sequence[str]) -> str:
    return _set([f'"{name}"' for name in bridges])


def _numbers(users: Sequence[str], lookup: Lookup) -> List[int]:
    """Root and whoever is named and there."""
    return sorted({0, *(uid for user in users for uid in lookup.uids(str(user)))})


def _to(places: Sequence[str], lookup: Lookup) -> List[str]:
    """One rule for each address of each place, and the name servers where a place is a name."""
    rules: List[str] = []
    for place in _told(places, lookup):
        host, port = split(place, 443)
        for address in [host] if not is_name(host) else sorted(lookup.addresses(host)):
            rules.append(f"{_family(address)} daddr {address} tcp dport {port} accept")
    if any(is_name(split(place)[0]) for place in _told(places, lookup)):
        for address in lookup.nameservers():
            rules += [f"{_family(address)} daddr {address} {kind} dport 53 accept" for kind in ("udp", "tcp")]
    return list(dict.fromkeys(rules))


def _told(places: Sequence[str], lookup: Lookup) -> List[str]:
    """`@/a/file` stands for the address in it, which is a secret with a password."""
    told = [lookup.place(place[1:]) if place.startswith("@") else place for place in map(str, places)]
    return [place for place in told if place]


def _only(uids: Sequence[int], match: str) -> List[str]:
    """A new packet belongs to its socket's user; without one it can only be the end of a connection that stood."""
    return [
        f"{match} meta skuid {_set(uids)} accept",
        f"{match} meta skuid 0-4294967294 counter reject",
        f"{match} tcp flags & (syn | ack) == syn counter reject",
    ]


def _chain(name: str, lines: Sequence[str], hook: str = "") -> List[str]:
    inner = [hook, *lines] if hook else lines
    return [f"    chain {name} {{", *(f"        {line}" for line in inner), "    }"]


def render(wanted: Mapping[str, List[Any]], lookup: Lookup) -> str:
    """The table as a script for `nft -f` that takes the place of an older one in one step."""
    leaving: List[str] = []
    for door in wanted["doors"]:
        if door["ports"]:
            uids = _numbers([*door["users"], *wanted["keepers"]], lookup)
            ports = _set(sorted({int(port) for port in door["ports"]}))
            leaving += _only(uids, f'oifname "lo" tcp dport {ports}')
    for group in wanted["between"]:
        uids = [uid for user in group["users"] for uid in lookup.uids(str(user))]
        for address in group["addresses"]:
            match = f"{_family(address)} daddr {address} meta l4proto {{ tcp, udp }} th dport {HIGH}"
            leaving += [f"{match} meta skuid {_set(sorted(set(uids)))} accept"] if uids else []
            leaving.append(f"{match} meta skuid {PEOPLE} counter reject")
    through: List[str] = []
    inward: List[str] = []
    chains: List[str] = []
    for number, network in enumerate(wanted["networks"]):
        bridges = lookup.bridges(network["name"])
        names = _names(bridges)
        # Containers have addresses of their own, and all their ports are reached there.
        leaving += _only([0], f"oifname {names} ct direction original")
        out = ["ct state established,related accept", *_to(network.get("to") or [], lookup)]
        chains += _chain(f"out_{number}", [*out, "counter drop"])
        through += [f'iifname "{name}" oifname "{name}" accept' for name in bridges]
        through.append(f"iifname {names} jump out_{number}")
        node = [
            f"{_family(host)} daddr {host} tcp dport {port} accept"
            for host, port in (split(place) for place in network.get("node") or [])
        ]
        for host in sorted({split(place)[0] for place in network.get("node") or []}):
            inward.append(f"iifname != {_names([*bridges, 'lo'])} {_family(host)} daddr {host} counter drop")
        chains += _chain(f"in_{number}", [*node, f"jump out_{number}"])
        inward.append(f"iifname {names} jump in_{number}")
    for user in wanted["users"]:
        uids = [uid for uid in lookup.uids(str(user["user"])) if uid]
        if uids:
            number = len(chains)
            near = [f"{_family(address)} daddr {address} accept" for address in user.get("near") or []]
            out = ["ct state established,related accept", *near, *_to(user.get("to") or [], lookup), "counter reject"]
            chains += _chain(f"user_{number}", out)
            leaving.append(f'oifname != "lo" meta skuid {_set(uids)} jump user_{number}')
    lines = [f"table {TABLE}", f"delete table {TABLE}", f"table {TABLE} {{", *chains]
    lines += _chain("leaving", leaving, "type filter hook output priority -150; policy accept;")
    lines += _chain("through", through, "type filter hook forward priority -20; policy accept;")
    lines += _chain("inward", inward, "type filter hook input priority -20; policy accept;")
    return "\n".join([*lines, "}", ""])
