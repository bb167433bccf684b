# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 1: answers from which a new inventory is written, and the tags of a run."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM177": Message(
        Text("{variable} is not answered: {question}", "{variable} 尚未回答：{question}"),
        Text(
            "set it with -e {variable}=..., in a file of answers (-e @answers.yml), or run the playbook at a terminal",
            "请用 -e {variable}=... 或答案文件（-e @answers.yml）设置，或在终端中运行该 playbook",
        ),
    ),
    "LLM178": Message(
        Text("{variable}: the name {value!r} can't be used: {why}", "{variable}：名称 {value!r} 不可用：{why}"),
        Text("take another name for {variable}", "请为 {variable} 换一个名称"),
    ),
    "LLM179": Message(
        Text("{variable}: {value!r} can't be used as an address: {why}", "{variable}：{value!r} 不能用作地址：{why}"),
        Text("correct it in {variable}", "请在 {variable} 中改正"),
    ),
    "LLM180": Message(
        Text("{variable}: {value} is given more than once", "{variable}：{value} 重复出现"),
        Text(
            "give each node a name and an address of its own in {variable}",
            "请在 {variable} 中为每个节点指定各自的名称与地址",
        ),
    ),
    "LLM181": Message(
        Text(
            "profile {profile} is made for {wanted} node(s), but {given} are given: {names}",
            "档位 {profile} 由 {wanted} 个节点组成，但给出了 {given} 个：{names}",
        ),
        Text(
            "give {wanted} node(s) in new_site_nodes; for other machines than the profile's also say their cards in "
            "new_site_gpus, and the plan decides",
            "请在 new_site_nodes 中给出 {wanted} 个节点；若机器与该档位的参考配置不同，请同时在 new_site_gpus 中写明"
            "显卡，由规划判断",
        ),
    ),
    "LLM182": Message(
        Text("there is something at {path} already; it is left as it is", "{path} 已存在，保持不变"),
        Text(
            "set new_site_path to a new folder, or move the old one away",
            "请把 new_site_path 设为新目录，或先移走原目录",
        ),
    ),
    "LLM183": Message(
        Text("{variable}: {value!r} can't be used: {why}", "{variable}：{value!r} 不可用：{why}"),
        Text("correct {variable}", "请改正 {variable}"),
    ),
}

PHRASES: Dict[str, Text] = {
    "group name": Text(
        "small letters, digits and underscores, beginning with a letter, 63 at most",
        "只能由小写字母、数字和下划线组成，以字母开头，最多 63 个字符",
    ),
    "host name": Text(
        "letters, digits, dots, hyphens and underscores, beginning and ending with a letter or digit, 253 at most",
        "只能由字母、数字、点、连字符和下划线组成，首尾为字母或数字，最多 253 个字符",
    ),
    "reserved name": Text(
        "Ansible or this collection means something else by it", "Ansible 或本 collection 已另作他用"
    ),
    "name of the site": Text("the site itself is called so", "与站点名称相同"),
    "no address": Text("it is neither an IP address nor a host name", "既不是 IP 地址也不是主机名"),
    "no IP address": Text("it must be an IP address", "必须是 IP 地址"),
    "user in address": Text("the user is said in new_site_user", "用户名应写在 new_site_user 中"),
    "no host's address": Text("no machine has it for itself", "任何主机都不能独占该地址"),
    "loopback": Text(
        "it is each machine's own; write name=local for the machine that Ansible runs on",
        "它是每台机器自身的地址；若节点就是运行 Ansible 的机器，请写 名称=local",
    ),
    "link-local": Text("it is valid on one link only", "它只在本链路内有效"),
    "one local node": Text(
        "only one node can be the machine that Ansible runs on", "只能有一个节点是运行 Ansible 的机器"
    ),
    "port number": Text("a port is a number from 1 to 65535", "端口应为 1 到 65535 的整数"),
    "no network": Text("a network is written like 10.1.0.0/16", "网段应写成 10.1.0.0/16 的形式"),
    "not the network": Text("the network is {network}", "该网段应为 {network}"),
    "as many as nodes": Text("{given} addresses for {nodes} nodes", "{nodes} 个节点给出了 {given} 个地址"),
    "not a choice": Text("it must be one of {choices}", "必须是 {choices} 之一"),
    "no URL": Text(
        "it must begin with http:// or https:// and name a host", "应以 http:// 或 https:// 开头并包含主机名"
    ),
    "password in URL": Text(
        "a password does not belong into an inventory; write it to a file of ansible-vault later",
        "密码不应写入清单；请之后用 ansible-vault 保存",
    ),
    "no user": Text("it is no name of a Linux user", "不是有效的 Linux 用户名"),
    "no cards": Text("cards are written like h20-96g*8", "显卡应写成 h20-96g*8 的形式"),
    "no number": Text("it must be a whole number of at least {least}", "应为不小于 {least} 的整数"),
    "no signer": Text(
        "it must be a public ssh key, ssh-ed25519 and its letters", "应为 ssh 公钥，即 ssh-ed25519 及其后的字符"
    ),
    "no bundle": Text("there is no MANIFEST.json in it", "其中没有 MANIFEST.json"),
    "no effect": Text(
        "it has no effect with this profile, these nodes and the source {source}",
        "在该档位、这些节点以及来源 {source} 下不起作用",
    ),
    "control characters": Text("it holds characters that can't be shown", "含有不可显示的字符"),
}
