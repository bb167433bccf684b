# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks between the nodes of one deployment (LLM4xx)."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import (
    WILDCARDS,
    by_ray,
    engine_ports,
    node_row,
    of_engine,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    Finding,
    Probe,
    failed,
    passed,
    skipped,
    unknown,
    warned,
)

SLOW_MBPS = 25000  # what two nodes of one model need at least


def interface_of(node: Dict[str, Any], address: str) -> Optional[Dict[str, Any]]:
    """The interface that holds an address."""
    for item in (node.get("network") or {}).get("interfaces") or []:
        if any(str(held).split("/", maxsplit=1)[0] == address for held in item.get("addresses") or []):
            return dict(item)
    return None


def interface(context: Context) -> Finding:
    address = str(node_row(context).get("address") or "")
    if not address:
        return unknown("the plan names no address of this node", "方案没有该节点的地址")
    if not (context.node.get("network") or {}).get("interfaces"):
        return unknown("the interfaces are not known", "无法得知网络接口")
    own = interface_of(context.node, address)
    if own is None:
        return failed(f"no interface holds {address}", f"没有接口拥有地址 {address}", address=address)
    if not own.get("up"):
        return failed(f"{own['name']} with {address} is down", f"{own['name']}（{address}）未启用", address=address)
    if own["name"].startswith(("docker", "br-", "veth", "lo")):
        return failed(
            f"{address} is on {own['name']}, which others can't reach",
            f"{address} 在 {own['name']} 上，其他节点无法访问",
            address=address,
        )
    silent = _silent_peers(context)
    if silent:
        return failed(f"no answer from {', '.join(silent)}", f"{', '.join(silent)} 没有应答", address=address)
    sizes = {own.get("mtu")} | set(_peer_mtus(context))
    if len(sizes - {None}) > 1:
        text = ", ".join(str(size) for size in sorted(size for size in sizes if size))
        return failed(f"MTUs differ between nodes: {text}", f"节点间 MTU 不一致：{text}", address=address)
    return passed(
        f"{own['name']} holds {address}, MTU {own.get('mtu')}", f"{own['name']} 拥有 {address}，MTU {own.get('mtu')}"
    )


def _silent_peers(context: Context) -> List[str]:
    net = context.measures.get("net") or {}
    return [
        f"{key[5:]} ({answer.get('address')})"
        for key, answer in net.items()
        if key.startswith("peer ") and answer.get("ok") is False
    ]


def _peer_mtus(context: Context) -> List[Optional[int]]:
    nodes: Dict[str, Any] = (context.plan or {}).get("nodes") or {}
    found: List[Optional[int]] = []
    for name, node in context.peers.items():
        item = interface_of(node, str((nodes.get(name) or {}).get("address") or ""))
        if item:
            found.append(item.get("mtu"))
    return found


def ray(context: Context) -> Finding:
    if not by_ray(context):
        return skipped("the plan does not use Ray", "方案不使用 Ray")
    counted = context.measures.get("ray")
    if counted is None:
        return unknown("Ray does not answer", "Ray 没有应答")
    wanted = sum(len(row.get("gpus") or []) for row in ((context.plan or {}).get("nodes") or {}).values())
    if counted["total"] < wanted:
        return failed(
            f"Ray counts {counted['total']:.0f} cards, the plan {wanted}",
            f"Ray 只有 {counted['total']:.0f} 张卡，方案需要 {wanted} 张",
        )
    return passed(f"Ray counts {counted['total']:.0f} cards", f"Ray 有 {counted['total']:.0f} 张卡")


def same_versions(context: Context) -> Finding:
    if not context.peers:
        return unknown("the other nodes were not looked at", "未检查其他节点")
    differences_en, differences_zh = [], []
    for en, zh, read in (("driver", "驱动", _driver), ("Docker", "Docker", _docker), ("kernel", "内核", _kernel)):
        values = {context.host: read(context.node)}
        values.update({name: read(node) for name, node in context.peers.items()})
        known = {name: value for name, value in values.items() if value}
        if len(set(known.values())) > 1 and en != "kernel":
            text = ", ".join(f"{name} {value}" for name, value in sorted(known.items()))
            differences_en.append(f"{en}: {text}")
            differences_zh.append(f"{zh}：{text}")
    if differences_en:
        return failed("; ".join(differences_en), "；".join(differences_zh))
    return passed("driver and Docker are the same on all nodes", "各节点的驱动与 Docker 版本一致")


def _driver(node: Dict[str, Any]) -> str:
    return str((node.get("nvidia") or {}).get("driver_version") or "")


def _docker(node: Dict[str, Any]) -> str:
    return str(((node.get("containers") or {}).get("docker") or {}).get("version") or "")


def _kernel(node: Dict[str, Any]) -> str:
    return str(node.get("kernel") or "")


def data_plane(context: Context) -> Finding:
    api = engine_ports(context)  # rule LLM803
    found = [i for i in context.node.get("listeners") or [] if of_engine(context, i) and i["port"] not in api]
    wide = sorted({item["port"] for item in found if item["address"] in WILDCARDS})
    if not found:
        return skipped("the engine has no open port", "引擎没有开放端口")
    if not wide:
        return passed("no port of the engine listens on all addresses", "引擎没有监听在所有地址上的端口")
    filtered = context.measures.get("firewall")
    text = ", ".join(str(port) for port in wide)
    if filtered:
        return passed(
            f"{text} listen on all addresses behind the appliance's filter",
            f"{text} 监听所有地址，但有一体机防火墙保护",
        )
    if filtered is None:
        return unknown(
            f"{text} listen on all addresses; the firewall can't be asked", f"{text} 监听所有地址；无法查询防火墙"
        )
    return failed(
        f"{text} are open to everybody who reaches this node", f"{text} 对所有能访问该节点的人开放", ports=text
    )


def link(context: Context) -> Finding:
    address = str(node_row(context).get("address") or "")
    own = interface_of(context.node, address)
    if own is None:
        return unknown("the interface of the data network is not known", "无法得知数据网接口")
    rdma = (context.node.get("network") or {}).get("rdma") or []
    dead = [
        f"{item['name']}/{port['port']}"
        for item in rdma
        for port in item["ports"]
        if port.get("state") not in ("ACTIVE", None)
    ]
    if dead:
        return warned(f"RDMA ports that are not active: {', '.join(dead)}", f"未激活的 RDMA 端口：{', '.join(dead)}")
    speed = own.get("speed_mbps")
    if speed is None:
        return unknown(f"{own['name']} does not tell its speed", f"{own['name']} 未报告速率")
    if speed < SLOW_MBPS and not rdma:
        return warned(
            f"{own['name']} runs at {speed / 1000:.0f} Gb/s; 25 are needed",
            f"{own['name']} 速率 {speed / 1000:.0f} Gb/s，至少需要 25",
        )
    return passed(f"{own['name']} at {speed / 1000:.0f} Gb/s", f"{own['name']}，{speed / 1000:.0f} Gb/s")


def virtual_address(context: Context) -> Finding:
    """The head holds it whenever it is well: it has the chat page. The other stands by, or holds it in its place."""
    gateways: Dict[str, Any] = (context.plan or {})["gateways"]
    address = str(gateways["address"])
    if not (context.node.get("network") or {}).get("interfaces"):
        return unknown("the interfaces are not known", "无法得知网络接口")
    own = interface_of(context.node, address)
    other = [name for name, node in context.peers.items() if name in gateways["nodes"] and interface_of(node, address)]
    if own and other:
        return failed(
            f"{context.host} and {other[0]} both hold {address}: VRRP (IP protocol 112) does not pass between them",
            f"{context.host} 与 {other[0]} 同时持有 {address}：二者之间 VRRP（IP 协议 112）不通",
            address=address,
        )
    if own:
        return passed(f"this node holds {address}", f"本节点持有 {address}")
    if not node_row(context).get("head"):
        return passed(f"this node stands by for {address}", f"本节点作为 {address} 的备用")
    return failed(f"the head does not hold {address}", f"首节点未持有 {address}", address=address)


PROBES: Dict[str, Probe] = {
    "LLM401": interface,
    "LLM402": ray,
    "LLM403": same_versions,
    "LLM404": data_plane,
    "LLM405": link,
    "LLM406": virtual_address,
}
