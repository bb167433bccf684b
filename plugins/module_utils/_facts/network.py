# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of the network: interfaces, RDMA devices, names, listeners with their process and unit."""

from __future__ import annotations

import ipaddress
import json
import re
import struct
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, first_line, number

LISTEN = "0A"
UNCONNECTED = "07"


def network(host: Host, hostname: str) -> Dict[str, Any]:
    """{interfaces, hostname_addresses, default_interface, rdma, resolvers}; `hostname` is the name that is resolved."""
    return {
        "interfaces": interfaces(host),
        "hostname_addresses": name_addresses(host, hostname),
        "default_interface": default_interface(host),
        "rdma": rdma(host),
        "resolvers": [
            line.split()[1]
            for line in (host.read("/etc/resolv.conf") or "").splitlines()
            if line.startswith("nameserver") and len(line.split()) > 1
        ],
    }


def interfaces(host: Host) -> List[Dict[str, Any]]:
    """Every interface: {name, mac, mtu, speed_mbps, up, addresses, physical, driver, errors}.

    Addresses with their prefix.
    """
    addresses = _addresses(host)
    found = []
    for name in host.names("/sys/class/net"):
        base = "/sys/class/net/" + name
        if not host.exists(base + "/address"):
            continue
        speed = number(host.read(base + "/speed"))
        state = first_line(host.read(base + "/operstate"))
        flags = number(host.read(base + "/flags")) or 0
        driver = host.link(base + "/device/driver")
        found.append(
            {
                "name": name,
                "mac": first_line(host.read(base + "/address")),
                "mtu": number(host.read(base + "/mtu")),
                "speed_mbps": speed if speed is not None and speed > 0 else None,
                "up": state == "up" or (state == "unknown" and bool(flags & 1)),
                "addresses": addresses.get(name, []),
                "physical": host.exists(base + "/device"),
                "driver": driver.rsplit("/", 1)[-1] if driver else None,
                "errors": (number(host.read(base + "/statistics/rx_errors")) or 0)
                + (number(host.read(base + "/statistics/tx_errors")) or 0),
            }
        )
    return found


def _addresses(host: Host) -> Dict[str, List[str]]:
    """Addresses with prefix, by interface.

    Without iproute2, /proc still lists all IPv6 addresses and the routed IPv4 ones.
    """
    found: Dict[str, List[str]] = {}
    answer = host.run(["ip", "-j", "address", "show"], timeout=5)
    try:
        rows = json.loads(answer.out) if answer and answer.rc == 0 else None
    except ValueError:
        rows = None
    if isinstance(rows, list):
        for row in rows:
            for item in row.get("addr_info", []):
                if item.get("local"):
                    text = "{}/{}".format(item["local"], item.get("prefixlen", 32))
                    found.setdefault(str(row.get("ifname")).split("@", maxsplit=1)[0], []).append(text)
        return found
    for line in (host.read("/proc/net/if_inet6") or "").splitlines():
        words = line.split()
        if len(words) == 6:
            address = ipaddress.IPv6Address(int(words[0], 16))
            found.setdefault(words[5], []).append(f"{address}/{int(words[2], 16)}")
    return found


def name_addresses(host: Host, name: str) -> Optional[List[str]]:
    """The addresses to which a name resolves on this machine; None when that can't be asked."""
    answer = host.run(["getent", "ahosts", name], timeout=6)
    if answer is None or answer.rc not in (0, 2):
        return None
    found: List[str] = []
    for line in answer.out.splitlines():
        word = (line.split() or [""])[0]
        if word and word not in found:
            found.append(word)
    return found


def default_interface(host: Host) -> Optional[str]:
    """The interface of the IPv4 default route with the lowest metric; None without one."""
    best: Optional[Tuple[int, str]] = None
    for line in (host.read("/proc/net/route") or "").splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and words[1] == "00000000" and words[7] == "00000000":
            candidate = (int(words[6]), words[0])
            best = candidate if best is None else min(best, candidate)
    return best[1] if best else None


def rdma(host: Host) -> List[Dict[str, Any]]:
    """RDMA devices: {name, ports, interfaces}; each port {port, state, rate_gbps, layer}."""
    found = []
    for name in host.names("/sys/class/infiniband"):
        base = "/sys/class/infiniband/" + name
        ports = []
        for port in host.names(base + "/ports"):
            inside = base + "/ports/" + port + "/"
            ports.append(
                {
                    "port": number(port),
                    "state": (first_line(host.read(inside + "state")) or "").partition(": ")[2] or None,
                    "rate_gbps": number(host.read(inside + "rate")),
                    "layer": first_line(host.read(inside + "link_layer")),
                }
            )
        found.append({"name": name, "ports": ports, "interfaces": host.names(base + "/device/net")})
    return found


def listeners(host: Host) -> List[Dict[str, Any]]:
    """Sockets on which something listens: {protocol, address, port, process, pid, unit}."""
    rows = []
    for protocol, state in (("tcp", LISTEN), ("tcp6", LISTEN), ("udp", UNCONNECTED), ("udp6", UNCONNECTED)):
        for line in (host.read("/proc/net/" + protocol) or "").splitlines()[1:]:
            words = line.split()
            if len(words) > 9 and words[3] == state:
                address, _sign, number_hex = words[1].partition(":")
                remote = words[2].partition(":")[2]
                if remote == "0000" and number_hex != "0000":
                    rows.append((protocol[:3], decode_address(address), int(number_hex, 16), words[9]))
    owners = _owners(host, {inode for _p, _a, _n, inode in rows if inode != "0"})
    found: List[Dict[str, Any]] = []
    for protocol, address, port, inode in rows:
        pid = owners.get(inode)
        item = {
            "protocol": protocol,
            "address": address,
            "port": port,
            "process": first_line(host.read(f"/proc/{pid}/comm")) if pid else None,
            "pid": pid,
            "unit": unit_of(host.read(f"/proc/{pid}/cgroup")) if pid else None,
        }
        if item not in found:
            found.append(item)
    return sorted(found, key=lambda item: (item["protocol"], item["port"], item["address"]))


def decode_address(text: str) -> str:
    """An address from /proc/net, which has it as little-endian 32-bit words in hexadecimal."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    packed = struct.pack(f"<{len(words)}I", *words)
    if len(words) == 1:
        return str(ipaddress.IPv4Address(packed))
    address = ipaddress.IPv6Address(packed)
    return str(address.ipv4_mapped or address)


def _owners(host: Host, inodes: set[str]) -> Dict[str, int]:
    found: Dict[str, int] = {}
    wanted = set(inodes)
    for name in host.names("/proc"):
        if not wanted:
            break
        if not name.isdigit():
            continue
        base = "/proc/" + name + "/fd"
        for handle in host.names(base):
            match = re.match(r"socket:\[(\d+)\]$", host.link(base + "/" + handle) or "")
            if match and match.group(1) in wanted:
                found[match.group(1)] = int(name)
                wanted.discard(match.group(1))
    return found


def unit_of(text: Optional[str]) -> Optional[str]:
    """The systemd unit of a process, from its /proc/PID/cgroup."""
    best = None
    for line in (text or "").splitlines():
        controllers, path = ([*line.split(":", 2), "", ""])[1:3]
        units = re.findall(r"([^/]+\.(?:service|scope|socket))(?=/|$)", path)
        if units and (controllers in ("", "name=systemd") or best is None):
            best = units[-1]
    return best
