# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes and their GPUs as the planner sees them: from facts where a node was read, else as declared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.address import OF_CONTAINERS
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.below import Machine, machine_of

GIB = 1024**3
VENDORS = {"10de": "nvidia", "1002": "amd", "19e5": "huawei", "1d94": "hygon"}


UNKNOWN = Machine()


@dataclass(frozen=True)
class Gpu:
    """A card. Memory in bytes; `capability` is NVIDIA's, None for other vendors or an unknown one."""

    index: int
    kind: str  # catalogue key, or the driver's name for one that the catalogue does not know
    vendor: str
    total: int
    free: Optional[int]
    capability: Optional[float]
    nvlink: bool
    known: bool
    verified: bool
    title: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """As its maker calls it, for readers."""
        return self.title or self.kind


@dataclass(frozen=True)
class Node:
    """A machine.

    `source`: `facts` or `declared`; `interface`: the one that holds `address`; `link_gbps`: its fastest link.
    """

    name: str
    address: str
    gpus: Tuple[Gpu, ...]
    memory_bytes: Optional[int]
    driver: Optional[str]
    source: str
    interface: Optional[str] = None
    cpu_cores: Optional[int] = None
    cpu_sockets: Optional[int] = None
    link_gbps: Optional[float] = None
    rdma: bool = False
    machine: Machine = UNKNOWN
    networks: Tuple[Tuple[str, str], ...] = ()  # interface and address with its prefix


def read_nodes(nodes: Mapping[str, Mapping[str, Any]], catalog: Catalog) -> List[Node]:
    """The nodes in the order given, the head first.

    Refused where there are none (LLM512) or one is unknown (LLM513).
    """
    if not nodes:
        raise Refusal("LLM512", ranks=1, there=0)
    return [_node(name, dict(entry), catalog) for name, entry in nodes.items()]


def _node(name: str, entry: Dict[str, Any], catalog: Catalog) -> Node:
    facts, declared = entry.get("facts") or {}, entry.get("hardware") or {}
    address = str(entry.get("address") or name)
    if facts:
        return _from_facts(name, address, facts, catalog)
    if not declared:
        raise Refusal("LLM513", node=name)
    return _from_declared(name, address, declared, catalog)


def _from_facts(name: str, address: str, facts: Mapping[str, Any], catalog: Catalog) -> Node:
    gpus = []
    for raw in facts.get("gpus") or []:
        key, entry = match_gpu(raw, catalog)
        total = raw.get("memory_bytes") or int(float(entry.get("memory_gib", 0)) * GIB)
        capability = raw.get("compute_capability") or entry.get("capability")
        nvlink = raw.get("nvlink")
        gpus.append(
            Gpu(
                index=int(raw.get("index") or 0),
                kind=key,
                vendor=str(raw.get("vendor") or entry.get("vendor") or "unknown"),
                total=int(total),
                free=raw.get("free_bytes"),
                capability=float(capability) if capability else None,
                nvlink=bool(entry.get("nvlink", False)) if nvlink is None else bool(nvlink),
                known=bool(entry),
                verified=bool(entry.get("verified", True)),
                title=card_title(entry),
            )
        )
    memory = facts.get("memory") or {}
    return Node(
        name=name,
        address=address,
        gpus=tuple(gpus),
        memory_bytes=memory.get("total_bytes"),
        driver=(facts.get("nvidia") or {}).get("driver_version"),
        source="facts",
        interface=_interface(facts, address),
        cpu_cores=(facts.get("cpu") or {}).get("cores"),
        cpu_sockets=(facts.get("cpu") or {}).get("sockets"),
        rdma=bool((facts.get("network") or {}).get("rdma")),
        machine=machine_of(facts),
        networks=_networks(facts),
    )


def _interface(facts: Mapping[str, Any], address: str) -> Optional[str]:
    """The interface that holds the node's address."""
    network = facts.get("network") or {}
    for interface in network.get("interfaces") or []:
        if any(str(held).split("/", maxsplit=1)[0] == address for held in interface.get("addresses") or []):
            return str(interface.get("name"))
    return None


def _networks(facts: Mapping[str, Any]) -> Tuple[Tuple[str, str], ...]:
    """Where other machines reach the node, not its containers alone."""
    rows = (facts.get("network") or {}).get("interfaces") or []
    near = [row for row in rows if not str(row.get("name")).startswith(OF_CONTAINERS)]
    return tuple((str(row["name"]), str(text)) for row in near for text in row.get("addresses") or [])


def card_title(entry: Mapping[str, Any]) -> str:
    """A card as its maker calls it; nothing where the catalogue does not know it."""
    title = str(entry.get("title") or "")
    return f"NVIDIA {title}" if title and entry.get("vendor") == "nvidia" else title


def match_gpu(raw: Mapping[str, Any], catalog: Catalog) -> Tuple[str, Dict[str, Any]]:
    """The catalogue's name and entry for a card that a driver reports: by PCI id, else by name and memory."""
    pci, label = str(raw.get("pci_id") or "").lower(), str(raw.get("name") or "").lower()
    total = float(raw.get("memory_bytes") or 0) / GIB
    found: List[Tuple[int, float, str]] = []
    for key, entry in catalog["gpus"].items():
        by_pci = pci and pci in [str(pci_id).lower() for pci_id in entry.get("pci_ids") or []]
        words = [len(word) for word in (str(known).lower() for known in entry.get("names") or []) if word in label]
        if by_pci or words:
            distance = abs(float(entry.get("memory_gib", 0)) - total) if total else 0.0
            found.append((0 if by_pci else -max(words), distance, key))
    near = [match for match in found if not total or match[1] <= 0.15 * total]
    exact = [match for match in near if match[0] == 0]
    if near:
        key = min(exact or near)[2]  # an H200 is also named H20: the longest name wins, then the nearest size
        return key, catalog["gpus"][key]
    return str(raw.get("name") or pci or "unknown"), {}


def _from_declared(name: str, address: str, declared: Mapping[str, Any], catalog: Catalog) -> Node:
    gpus: List[Gpu] = []
    for group in declared.get("gpus") or []:
        key = str(group.get("model"))
        entry = look_up(catalog, "gpus", key, "appliance_hardware.gpus[].model")
        for _unused in range(int(group.get("count", 1))):
            gpus.append(
                Gpu(
                    index=len(gpus),
                    kind=key,
                    vendor=str(entry.get("vendor", "nvidia")),
                    total=int(float(entry["memory_gib"]) * GIB),
                    free=None,
                    capability=float(entry["capability"]) if entry.get("capability") else None,
                    nvlink=bool(entry.get("nvlink", False)),
                    known=True,
                    verified=bool(entry.get("verified", True)),
                    title=card_title(entry),
                )
            )
    cpu, memory = declared.get("cpu") or {}, declared.get("memory_gib")
    links = declared.get("network") or []
    return Node(
        name=name,
        address=address,
        gpus=tuple(gpus),
        memory_bytes=int(float(memory) * GIB) if memory else None,
        driver=None,
        source="declared",
        cpu_cores=int(cpu.get("sockets", 1)) * int(cpu["cores_per_socket"]) if cpu.get("cores_per_socket") else None,
        cpu_sockets=int(cpu["sockets"]) if cpu.get("sockets") else None,
        link_gbps=max([float(link.get("speed_gbps") or 0) for link in links] or [0.0]) or None,
        rdma=any(bool(link.get("rdma")) for link in links),
    )
