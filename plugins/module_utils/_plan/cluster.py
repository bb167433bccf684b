# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes need that compute together: addresses, interfaces, ports, and a way to start as one."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Node

GROUP_PORT = 29500  # lifelines between the nodes' parts (_engines/group.py)
MASTER_PORT = 29501
DATA_PORT = 29550
RAY_PORT = 6379


def check_addresses(nodes: List[Node]) -> None:
    """Refuses an address that no interface holds (LLM401): the engine would wait for it without end."""
    for node in nodes:
        if node.source == "facts" and node.interface is None:
            raise Refusal("LLM401", node=node.name, address=node.address)


def cluster_part(nodes: List[Node], executor: Optional[str]) -> Optional[Dict[str, Any]]:
    """`cluster` of the plan; None for one node.

    The ports are open to the peers only. Engines take further ones at random, so all above 1023 are.
    """
    if len(nodes) < 2:
        return None
    return {
        "executor": executor,
        "head": nodes[0].address,
        "port": GROUP_PORT,
        "ray_port": RAY_PORT if executor == "ray" else None,
        "peers": [node.address for node in nodes],
        "ports": ["1024-65535"],
        "wide": [RAY_PORT] if executor == "ray" else [MASTER_PORT],  # listen on all addresses, whatever is asked
    }


def node_env(node: Node, cluster: Optional[Mapping[str, Any]]) -> Dict[str, str]:
    """A node's address and interface for the data plane, and the way to Ray; {} for one node."""
    if not cluster:
        return {}
    env = {"VLLM_HOST_IP": node.address}
    if node.interface:
        env.update({"NCCL_SOCKET_IFNAME": "=" + node.interface, "GLOO_SOCKET_IFNAME": node.interface})
    if cluster["ray_port"]:
        env.update(RAY_ADDRESS="{}:{}".format(cluster["head"], cluster["ray_port"]), RAY_AUTH_MODE="token")
    return env


def node_devices(node: Node, spread: bool) -> List[str]:
    """Device files besides the cards: RDMA between nodes."""
    return ["/dev/infiniband"] if spread and node.rdma else []


def group_words(cluster: Optional[Mapping[str, Any]], nodes: List[Node], rank: int, health: str) -> List[str]:
    """Arguments of the program that keeps a node's rank with the others (_engines/group.py); none for one node."""
    if not cluster:
        return []
    meet = "{}:{}".format(cluster["head"], cluster["port"])
    if rank:
        return ["--head", meet, "--rank", str(rank)]
    words = ["--listen", meet, "--health", health]
    for number, peer in enumerate(nodes):
        if number:
            words += ["--peer", f"{number}={peer.name}={peer.address}"]
    return words
