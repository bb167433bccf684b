# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides once for a site which node fetches, from whom the others take, and whether sharing is needed at all."""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, Mapping


def share(
    nodes: Mapping[str, Mapping[str, Any]], host: str, verified: Mapping[str, bool], port: int, wanted: bool = True
) -> Dict[str, Any]:
    """`nodes`: name -> {address, head}; `verified`: the nodes of this run -> whether their stamp stands.

    -> active: serve and take from each other; fetches: this node asks the source itself;
       mirrors: where the others serve, the head first; address, allow: for this node's own server; name: for its
       certificate; peers: the other nodes.
    """
    here = [name for name in nodes if name in verified]
    head = next((name for name in here if nodes[name].get("head")), "")
    addresses = {name: str(nodes[name].get("address") or "") for name in here}
    possible = wanted and len(here) > 1 and head and host in here and all(addresses.values())
    if not possible or all(verified[name] for name in here):
        return {"active": False, "fetches": True, "mirrors": [], "address": "", "allow": [], "name": "", "peers": []}
    others = [name for name in [head, *(other for other in here if other != head)] if name != host]
    return {
        "active": True,
        "fetches": host == head,
        "mirrors": [f"https://{_bracketed(addresses[name])}:{port}" for name in others],
        "address": _bracketed(addresses[host]),
        "allow": [addresses[name] for name in others],
        "name": _subject(addresses[host]),
        "peers": others,
    }


def image_share(
    nodes: Mapping[str, Mapping[str, Any]], host: str, sources: Mapping[str, str], port: int, wanted: bool = True
) -> Dict[str, Any]:
    """The same for the engine's image, between the head and those nodes that lack it: the head alone serves.

    `sources`: the nodes of this run -> where each would bring it from, `node` where it is already.
    """
    lack = {name: source != "node" for name, source in sources.items() if name in nodes}
    there = {name: bool(nodes[name].get("head")) for name in lack if nodes[name].get("head") or lack[name]}
    return share(nodes, host, there, port, wanted)


def _subject(address: str) -> str:
    """As a certificate names it."""
    try:
        return f"IP:{ipaddress.ip_address(address)}"
    except ValueError:
        return f"DNS:{address}"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
