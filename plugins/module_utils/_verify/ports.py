# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports of a node others can reach (LLM801)."""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List, Mapping, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import DOOR, asked_apart


def is_loopback(address: str) -> bool:
    """Whether an address is loopback, as the chat page's door is; one that can't be read counts as reachable."""
    if address == DOOR:
        return True
    try:
        value = ipaddress.ip_address(address.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    mapped = getattr(value, "ipv4_mapped", None)
    return (mapped or value).is_loopback


def exposed(
    listeners: List[Dict[str, Any]],
    allowed: List[int],
    plan: Optional[Mapping[str, Any]] = None,
    host: str = "",
    walled: bool = False,
) -> List[str]:
    """TCP listeners beyond loopback that are not allowed, a text for each.

    An independent node that a gateway of another one asks listens on its own address in the network between the nodes.
    Nodes that compute together listen on the network between them, which LLM404 and the firewall see to. Ray draws
    ports that listen on every address: `walled` says that our firewall lets only peers reach those.
    """
    cluster = (plan or {}).get("cluster")
    apart = [plan["nodes"][host]["address"]] if plan and asked_apart(plan, host) else []
    between = cluster or {"peers": apart, "wide": []}
    open_ports = {int(port) for port in allowed}
    found = set()
    for row in listeners:
        if not str(row.get("protocol", "tcp")).startswith("tcp"):
            continue
        if int(row["port"]) in open_ports or is_loopback(str(row["address"])):
            continue
        if (row["address"] in between["peers"] and int(row["port"]) > 1023) or int(row["port"]) in between["wide"]:
            continue
        if cluster and walled and int(row["port"]) > 1023 and str(row.get("unit") or "").startswith("docker-"):
            continue
        owner = row.get("unit") or row.get("process") or "unknown"
        found.add("{}:{} ({})".format(row["address"], row["port"], owner))
    return sorted(found)
