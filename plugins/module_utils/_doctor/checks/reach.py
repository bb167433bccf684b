# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a node can't be reached, in words, with what to do (LLM107)."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    Finding,
    Probe,
    failed,
    passed,
    skipped,
    unknown,
)

Text = Dict[str, str]

# (what the connection says, reason, remedy), first match counts. {where} is address:port, {user} the login.
CAUSES: List[Tuple[str, Text, Text]] = [
    (
        r"Could not resolve|Name or service not known|nodename nor servname|getaddrinfo|Temporary failure in name",
        {"en": "the name does not resolve", "zh": "无法解析该名称"},
        {
            "en": "set ansible_host to the node's IP address in the inventory",
            "zh": "请在清单中把 ansible_host 设为节点的 IP 地址",
        },
    ),
    (
        r"Connection refused|Unable to connect to port",
        {"en": "nothing listens at {where}", "zh": "{where} 没有服务在监听"},
        {
            "en": "start sshd on the node, or correct ansible_host / ansible_port",
            "zh": "请在节点上启动 sshd，或更正 ansible_host / ansible_port",
        },
    ),
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|authenticity of host"
        r"|host key .* does not match|not found in known_hosts|Server .* not found",
        {"en": "the host key is unknown or has changed", "zh": "主机密钥未知或已改变"},
        {
            "en": "compare the key on the node's console, then `ssh-keygen -R ADDRESS` and log in once by hand",
            "zh": "请在节点控制台核对密钥，然后执行 `ssh-keygen -R 地址` 并手工登录一次",
        },
    ),
    (
        r"Incorrect sudo password|Missing sudo password|sudo: a password is required|Incorrect su password"
        r"|Timeout .*privilege escalation",
        {"en": "becoming root failed", "zh": "切换到 root 失败"},
        {
            "en": "set ansible_become_password, or allow sudo without a password",
            "zh": "请设置 ansible_become_password，或允许免密 sudo",
        },
    ),
    (
        r"Permission denied|Invalid/incorrect password|not a valid .* private key|[Aa]uthentication",
        {"en": "the login as {user} was refused", "zh": "以 {user} 登录被拒绝"},
        {
            "en": "set ansible_user and ansible_ssh_private_key_file (or ansible_password); try `ssh {user}@{address}`",
            "zh": "请设置 ansible_user 与 ansible_ssh_private_key_file（或 ansible_password），"
            "并用 `ssh {user}@{address}` 试一下",
        },
    ),
    (
        r"No route to host|Network is unreachable|Host is down|EHOSTUNREACH",
        {"en": "there is no route to {where}", "zh": "没有到 {where} 的路由"},
        {
            "en": "check that the node is powered on and on this network, and the address in ansible_host",
            "zh": "请检查节点是否开机、网络是否连通，以及 ansible_host 的地址",
        },
    ),
    (
        r"Connection closed by UNKNOWN|kex_exchange_identification|Connection closed by remote host"
        r"|Connection reset by peer",
        {"en": "{where} closed the connection or nobody is there", "zh": "{where} 关闭了连接，或没有应答"},
        {
            "en": "check power, address and firewall of the node, and the jump host in ansible_ssh_common_args",
            "zh": "请检查节点电源、地址与防火墙，以及 ansible_ssh_common_args 中的跳板机",
        },
    ),
    (
        r"[Tt]imed? ?out|timeout",
        {"en": "{where} did not answer in time", "zh": "{where} 未在限时内应答"},
        {
            "en": "check power, cable and firewall of the node, and the address in ansible_host",
            "zh": "请检查节点电源、网线与防火墙，以及 ansible_host 的地址",
        },
    ),
    (
        r"python.*not found|No such file or directory.*python|interpreter|command not found",
        {"en": "there is no usable Python on the node", "zh": "节点上没有可用的 Python"},
        {
            "en": "install python3 on the node, or set ansible_python_interpreter",
            "zh": "请在节点上安装 python3，或设置 ansible_python_interpreter",
        },
    ),
]
OTHER: Tuple[Text, Text] = (
    {"en": "the connection failed", "zh": "连接失败"},
    {
        "en": "log in by hand with `ssh {user}@{address}` to see why",
        "zh": "请用 `ssh {user}@{address}` 手工登录查看原因",
    },
)


def unreachable(host: str, address: str, port: Any, user: str, said: str) -> Tuple[str, Text, Text]:
    """(message in both languages, reason, remedy) for what a connection said."""
    reason, remedy = OTHER
    for pattern, why, what in CAUSES:
        if re.search(pattern, said):
            reason, remedy = why, what
            break
    values = {"where": f"{address}:{port or 22}", "user": user or "?", "address": address}

    def put(text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda match: values[match.group(1)], text)

    lines = [
        f"LLM107 [{host}] 无法访问节点 {address}：{put(reason['zh'])}",
        f"    → {put(remedy['zh'])}",
        f"LLM107 [{host}] the node at {address} can't be reached: {put(reason['en'])}",
        f"    → {put(remedy['en'])}",
    ]
    last = _last_line(said)
    if last:
        lines.append(f"    ({last})")
    said_why, said_what = ({key: put(value) for key, value in text.items()} for text in (reason, remedy))
    return "\n".join(lines), said_why, said_what


def _last_line(said: str) -> str:
    lines = [
        line.strip() for line in said.splitlines() if line.strip() and not line.startswith(("debug", "Warning: Perm"))
    ]
    return lines[-1][:300] if lines else ""


def reached(context: Context) -> Finding:
    """What the attempt to look at the node came to; the command on a node is there already."""
    answer = context.measures.get("reach")
    if answer is None:
        return skipped("asked on the node itself", "在节点上直接运行")
    if answer.get("ok") is None:
        return unknown("the node was not asked", "未询问该节点")
    if not answer["ok"]:
        where, reason, remedy = answer["address"], answer["reason"], answer["fix"]
        return failed(
            f"the node at {where} can't be reached: {reason['en']}",
            f"无法访问节点 {where}：{reason['zh']}",
            remedy_en=remedy["en"],
            remedy_zh=remedy["zh"],
        )
    return passed("the node answers", "节点有应答")


PROBES: Dict[str, Probe] = {"LLM107": reached}
