# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two gateways before independent nodes, and the address that one of them holds."""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.address import Address
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.cluster import check_addresses
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Node


class TwoGateways(NamedTuple):
    """What is asked for; both empty: the head has the only gateway."""

    second: str = ""  # name of the further node
    address: str = ""  # which one of the two holds
    router: int = 77


def gateways_part(two: TwoGateways, nodes: List[Node], independent: bool) -> Optional[Dict[str, Any]]:
    """`gateways` of the plan, the head first; None where the head has the only one. Refuses what can't be (LLM559)."""
    if not two.second and not two.address:
        return None
    if not two.second or not two.address:
        raise refusal("half")
    if not independent or len(nodes) < 2:
        raise refusal("alone")
    holders = [nodes[0], *(node for node in nodes[1:] if node.name == two.second)]
    if len(holders) < 2:
        raise refusal("node", node=two.second, nodes=[node.name for node in nodes[1:]])
    if not 1 <= two.router <= 255:
        raise refusal("router", number=two.router)
    address = _address(two.address)
    check_addresses(nodes)  # the head's engines listen on its address, too
    for node in nodes:
        own = [ipaddress.ip_interface(text) for _name, text in node.networks]
        # The address itself stands on the node that holds it, as a network of one.
        if str(address) == node.address or any(row.ip == address and row.network.num_addresses > 1 for row in own):
            raise refusal("own", address=two.address, node=node.name)
    rows = {node.name: _near(node, address) for node in holders}
    return {"address": str(address), "router": two.router, "nodes": rows}


def _address(text: str) -> Address:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise refusal("address", address=text) from None
    if address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local:
        raise refusal("address", address=text)
    return address


def _near(node: Node, address: Address) -> Dict[str, Any]:
    """The interface by which the node is in the address's network, and its own address there.

    Of a machine that was only declared, neither is known.
    """
    if node.source != "facts":
        return {"interface": None, "address": node.address}
    found: Tuple[Tuple[str, str], ...] = node.networks
    for name, text in found:
        row = ipaddress.ip_interface(text)
        if row.network.num_addresses > 1 and address in row.network:
            return {"interface": name, "address": str(row.ip)}
    raise refusal("network", address=str(address), node=node.name, networks=[text for _name, text in found])


def refusal(what: str, **values: Any) -> Refusal:
    """What can't be with a second gateway."""
    remedy = say(f"gateways_{what}_remedy", **values)
    return Refusal("LLM559", problem=say(f"gateways_{what}", **values), remedies=[remedy])
