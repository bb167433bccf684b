# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may reach a node, as one nftables table of our own; all other tables are left alone."""

from __future__ import annotations

import ipaddress
from functools import partial
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple, Union

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.gather import gathered
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import (
    gateways_of,
    head_of,
    independent,
    units_of,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text

TABLE = "inet yitiji"
VRRP = "vrrp"  # has no ports
BRIDGES = '{ "docker0", "br-*" }'
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


class Door(NamedTuple):
    """A group of ports, and the networks to which they are open."""

    name: str
    ports: Tuple[str, ...]
    networks: Tuple[str, ...]
    protocols: Tuple[str, ...] = ("tcp",)


def _wrong(reason: Text) -> Refusal:
    return Refusal("LLM806", why=reason)


def network(text: str, name: str) -> Network:
    """A network from its text; Refusal LLM806 for anything else."""
    try:
        return ipaddress.ip_network(str(text).strip(), False)
    except ValueError as error:
        raise _wrong(Text(f"{name}: {error}.", f"{name}：{text!r} 不是网络地址。")) from error


def port_range(text: str, name: str) -> Tuple[int, int]:
    """The first and the last port from `443` or `1024-65535`; Refusal LLM806 for anything else."""
    first, _dash, last = str(text).strip().partition("-")
    try:
        low, high = int(first), int(last or first)
    except ValueError as error:
        raise _wrong(Text(f"{name}: {text!r} is no port.", f"{name}：{text!r} 不是端口。")) from error
    if not 1 <= low <= high <= 65535:
        raise _wrong(Text(f"{name}: {text!r} is no port.", f"{name}：{text!r} 不是端口。"))
    return low, high


def _rows(settings: Mapping[str, Any]) -> List[Door]:
    rows = [
        Door("admin", tuple(map(str, settings["ssh_ports"])), tuple(settings["admin_networks"])),
        Door("clients", tuple(map(str, settings["client_ports"])), tuple(settings["client_networks"])),
        Door("peers", tuple(map(str, settings["cluster_ports"])), tuple(settings["peers"]), ("tcp", "udp")),
    ]
    for number, row in enumerate(settings.get("open") or []):
        ports = tuple(str(port) for port in row.get("ports") or [])
        protocol = str(row.get("protocol") or "tcp")
        rows.append(Door(f"open{number}", ports, tuple(row.get("networks") or []), (protocol,)))
    return rows


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """Everything in the settings that is not a network, port or protocol (LLM806)."""
    found: List[Refusal] = []
    for door in _rows(settings):
        for protocol in set(door.protocols) - {"tcp", "udp", VRRP}:
            text = Text(f"firewall_open: protocol {protocol!r}.", f"firewall_open：协议 {protocol!r} 无效。")
            found.append(_wrong(text))
        found += gathered(
            *(partial(port_range, port, f"firewall: {door.name}") for port in door.ports),
            *(partial(network, near, f"firewall: {door.name}") for near in door.networks),
        )
    inside = settings.get("container_ports") or []
    return [*found, *gathered(*(partial(port_range, port, "firewall_container_ports") for port in inside))]


def doors(settings: Mapping[str, Any]) -> List[Door]:
    """What is open, after the settings were checked (LLM806)."""
    for refusal in problems(settings):
        raise refusal
    return [door for door in _rows(settings) if (door.ports or VRRP in door.protocols) and door.networks]


def admits(rows: List[Door], address: str, port: int) -> bool:
    """Whether a new TCP connection from that address would be accepted."""
    caller = ipaddress.ip_address(address.partition("%")[0])
    if caller.is_loopback or caller.is_link_local:
        return caller.is_loopback
    for door in rows:
        near = any(caller in network(source, "") for source in door.networks)
        open_ports = (port_range(number, "") for number in door.ports)
        if near and "tcp" in door.protocols and any(low <= port <= high for low, high in open_ports):
            return True
    return False


def check_session(rows: List[Door], sessions: List[Tuple[str, int]], allowed_ports: List[str]) -> None:
    """Refuses rules that would shut out the operator who sets them (LLM807)."""
    ports = ", ".join(allowed_ports)
    for address, port in sessions:
        if admits(rows, address, port):
            continue
        raise Refusal("LLM807", address=address, port=port, ports=ports)


def _accept(door: Door) -> List[str]:
    lines = []
    ports = ", ".join(door.ports)
    for version, word in ((4, "ip"), (6, "ip6")):
        near = [str(n) for n in (network(source, "") for source in door.networks) if n.version == version]
        for protocol in door.protocols if near else ():
            what = "meta l4proto 112" if protocol == VRRP else f"{protocol} dport {{ {ports} }}"
            lines.append(f"{word} saddr {{ {', '.join(sorted(set(near)))} }} {what} accept")
    return lines


def render(settings: Mapping[str, Any]) -> str:
    """The table as a script for `nft -f`, which replaces the earlier one in a single step."""
    rows = doors(settings)
    inside = [str(port) for port in settings.get("container_ports") or []]
    out = [
        f"table {TABLE}",
        f"delete table {TABLE}",
        f"table {TABLE} {{",
        "    chain services {",
        *(f"        {line}" for door in rows for line in [f"# {door.name}", *_accept(door)]),
    ]
    if inside:
        out += [
            "        # containers of this node",
            f"        iifname {BRIDGES} tcp dport {{ {', '.join(inside)} }} accept",
        ]
    out += [
        "    }",
        "    # Before Docker's own redirection (priority -100): a published port is judged like any other.",
        "    chain entry {",
        "        type filter hook prerouting priority -150; policy accept;",
        '        iif "lo" accept',
        "        ct state established,related accept",
        "        fib daddr type != { local, broadcast, multicast, anycast } accept",
        "        ct state invalid drop",
        "        icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
        "        icmp type echo-request limit rate 20/second accept",
        "        icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept",
        "        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, mld-listener-query } accept",
        "        icmpv6 type echo-request limit rate 20/second accept",
        "        ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
        "        jump services",
        "        counter drop",
        "    }",
        "    # Containers are reached through this node's own addresses or not at all.",
        "    chain through {",
        "        type filter hook forward priority -10; policy accept;",
        "        ct state established,related accept",
        "        ct status dnat accept",
        f"        oifname {BRIDGES} iifname != {BRIDGES} counter drop",
        "    }",
        "}",
        "",
    ]
    return "\n".join(out)


def undo(text: str) -> str:
    """A script that restores an earlier table, or removes ours where there was none."""
    return text or f"table {TABLE}\ndelete table {TABLE}\n"


def session_of(environment: str) -> List[Tuple[str, int]]:
    """Address and port of an SSH session, from the environment of one of its processes (entries end with NUL)."""
    for entry in environment.split("\0"):
        name, _equals, value = entry.partition("=")
        words = value.split()
        if name == "SSH_CONNECTION" and len(words) == 4:
            return [(words[0], int(words[3]))]
    return []


def _of_second(plan: Mapping[str, Any], host: str, head: str) -> List[Dict[str, Any]]:
    """What a second gateway reaches on a node: its engines, and the other gateway by VRRP."""
    rows: List[Dict[str, Any]] = []
    for name in gateways_of(plan):
        if name not in (host, head):
            ports = [str(unit["port"]) for unit in units_of(plan, host)]
            rows.append({"ports": ports, "networks": [str(plan["nodes"][name]["address"])]})
    holders = (plan.get("gateways") or {}).get("nodes") or {}
    if host in holders:
        near = [str(row["address"]) for name, row in holders.items() if name != host]
        rows.append({"protocol": VRRP, "ports": [], "networks": near})
    return rows


def peers(plan: Mapping[str, Any], host: str, share: Any = "") -> Dict[str, List[Any]]:
    """Addresses and ports of the nodes that compute together with `host`, by the plan.

    Of nodes that serve by themselves the head alone reaches the others; `share` is the port of weights for all: `open`.
    A second gateway reaches all engines, and the two gateways tell each other by VRRP who holds their address.
    """
    nodes = plan.get("nodes") or {}
    others = [str(node["address"]) for name, node in nodes.items() if name != host] if host in nodes else []
    ports = (plan.get("cluster") or {}).get("ports") or ["1024-65535"]
    rows = []
    if others and independent(plan):
        rows = [{"ports": [str(share)], "networks": others}] if share else []
        head = head_of(plan)
        rows += _of_second(plan, host, head)
        others = [str(nodes[head]["address"])] if host != head else []
    return {"addresses": others, "ports": [str(port) for port in ports] if others else [], "open": rows}
