# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which address others reach a node, from its variables in the inventory alone.

Not from those of a task: where a task is delegated, `ansible_host` there is the other machine's.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Iterator, List, Mapping, Union

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
LOCAL = ("local", "ansible.builtin.local")
OF_CONTAINERS = ("docker", "br-", "veth", "virbr", "cni", "lo")


def reached_at(variables: Mapping[str, Any], name: str) -> str:
    """What the inventory says; a node that Ansible runs on and that has no address in it is asked for its own."""
    given = str(variables.get("appliance_address") or "")
    said = given or str(variables.get("ansible_host") or variables.get("ansible_ssh_host") or "").rpartition("@")[2]
    here = str(variables.get("ansible_connection") or "") in LOCAL or _is_loopback(said or name)
    if given or not here or (_is_address(said or name) and not _is_loopback(said or name)):
        return said or name
    own = next(_own(variables.get("appliance_node") or {}), "")
    return own or said or name


def in_url(address: str) -> str:
    """As it is written in a URL: IPv6 in brackets, without the interface."""
    bare = address.strip("[]").partition("%")[0]
    return f"[{bare}]" if ":" in bare else bare


def https(address: str, port: Any) -> str:
    """The address of the page."""
    return f"https://{in_url(address)}" + ("" if int(port) == 443 else f":{int(port)}")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(text: str) -> bool:
    return text == "localhost" or (_is_address(text) and ipaddress.ip_address(text).is_loopback)


def _own(node: Mapping[str, Any]) -> Iterator[str]:
    """The node's addresses, best first: of the interface with the default route, then of others; IPv4 before IPv6."""
    network = node.get("network") or {}
    first = network.get("default_interface")
    rows = [row for row in network.get("interfaces") or [] if not str(row["name"]).startswith(OF_CONTAINERS)]
    rows.sort(key=lambda row: (row["name"] != first, not row.get("up"), not row.get("physical")))
    found: List[Address] = []
    for row in rows:
        listed = [ipaddress.ip_interface(text).ip for text in row.get("addresses") or []]
        usable = [address for address in listed if not (address.is_link_local or address.is_loopback)]
        found += sorted(usable, key=lambda address: address.version)
    return (str(address) for address in found)
