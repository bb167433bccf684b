# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages about a second gateway and the address that one of the two holds."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM407": Message(
        Text("{address}, the address of the two gateways: {problem}", "两个网关的地址 {address}：{problem}"),
        Text(
            "set appliance_virtual_address to a free address; see why with `journalctl -u yitiji-virtual-address "
            "-u nginx` on both, and whether VRRP (IP protocol 112) passes between them",
            "请确认 appliance_virtual_address 是空闲的地址；在两个网关上用 `journalctl -u yitiji-virtual-address "
            "-u nginx` 查看原因，并确认二者之间允许 VRRP（IP 协议 112）",
        ),
    ),
    "LLM408": Message(
        Text(
            "{head} was set up anew, and only the second gateway {second} still has what users and teams know: "
            "{paths}; new ones would take their place on both",
            "{head} 是重新安装的，用户与各团队使用的下列文件只在第二网关 {second} 上还有：{paths}；"
            "继续运行会在两个网关上用新文件替换它们",
        ),
        Text(
            "copy these files (root; keys 0600) from {second} to the same places on {head}; or remove them on {second} "
            "if new ones are wanted; or set backup_file",
            "请把这些文件从 {second} 复制到 {head} 的相同位置（root，密钥权限 0600）；"
            "如确实需要新文件，请先在 {second} 上删除它们；或设置 backup_file",
        ),
    ),
    "LLM559": Message(
        Text(
            "a second gateway can't be (appliance_second_gateway): {problem}",
            "无法设置第二网关（appliance_second_gateway）：{problem}",
        ),
        Text(
            "leave appliance_second_gateway and appliance_virtual_address empty",
            "请把 appliance_second_gateway 与 appliance_virtual_address 留空",
        ),
    ),
}

PHRASES: Dict[str, Text] = {
    "gateways_half": Text(
        "appliance_second_gateway and appliance_virtual_address belong together, and one of them is empty",
        "appliance_second_gateway 与 appliance_virtual_address 须同时设置，现有一项为空",
    ),
    "gateways_half_remedy": Text("set both, or none", "请两项都设置，或都留空"),
    "gateways_alone": Text(
        "it needs two nodes or more that each serve the model",
        "需要两个或更多各自独立运行模型的节点",
    ),
    "gateways_alone_remedy": Text(
        "set appliance_independent_nodes: true, and have two nodes in the deployment's group",
        "请设置 appliance_independent_nodes: true，并在部署的组中放入两个节点",
    ),
    "gateways_node": Text(
        "{node} is not another node of the deployment; besides the head there are: {nodes}",
        "{node} 不是该部署中首节点以外的节点；可选：{nodes}",
    ),
    "gateways_node_remedy": Text(
        "set appliance_second_gateway to one of these names", "请把 appliance_second_gateway 设为其中之一"
    ),
    "gateways_router": Text(
        "appliance_virtual_router is {number}, and VRRP counts from 1 to 255",
        "appliance_virtual_router 为 {number}，而 VRRP 的取值为 1–255",
    ),
    "gateways_router_remedy": Text(
        "set a number that no other router or deployment in this network has",
        "请设为该网络中其他路由器与部署未使用的数字",
    ),
    "gateways_address": Text(
        "appliance_virtual_address {address} is not an address that users can reach",
        "appliance_virtual_address {address} 不是用户可访问的地址",
    ),
    "gateways_address_remedy": Text(
        "set one free IPv4 or IPv6 address of the users' network, without a prefix",
        "请设为用户网络中一个空闲的 IPv4 或 IPv6 地址，不带前缀长度",
    ),
    "gateways_own": Text(
        "appliance_virtual_address {address} is the own address of {node}, and goes with it when it fails",
        "appliance_virtual_address {address} 是 {node} 自己的地址，该节点故障时会一同失效",
    ),
    "gateways_own_remedy": Text(
        "set a free address of the users' network", "请设为用户网络中一个空闲的地址"
    ),
    "gateways_network": Text(
        "{node} has no interface in the network of appliance_virtual_address {address}; its addresses: {networks}",
        "{node} 没有与 appliance_virtual_address {address} 同网段的接口；其地址：{networks}",
    ),
    "gateways_network_remedy": Text(
        "set a free address of a network that both gateways are in",
        "请设为两个网关所在同一网段中的空闲地址",
    ),
    "gateways_acme": Text(
        "a certificate of an ACME service (gateway_acme_directory) can be had by one gateway alone, as the address "
        "moves between two",
        "地址会在两个网关之间切换，因此无法使用 ACME 服务的证书（gateway_acme_directory）",
    ),
    "gateways_acme_remedy": Text(
        "leave gateway_acme_directory empty, or put a certificate on both nodes (gateway_certificate)",
        "请把 gateway_acme_directory 留空，或在两个节点上放置证书（gateway_certificate）",
    ),
}  # fmt: skip
