# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is down, in words, each with what to do: the same for the doctor, the state file and the first-boot page."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.settings import CHAT
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.units import trouble

NGINX = Text(
    "run `systemctl restart nginx`; if it does not start, `nginx -t` and `journalctl -u nginx` say why",
    "请执行 `systemctl restart nginx`；若无法启动，用 `nginx -t` 与 `journalctl -u nginx` 查看原因",
)
SITE = Text("run site.yml again: it writes what is missing anew", "请重新运行 site.yml，缺失的部分会重新生成")
ENGINE = Text(
    "see LLM505 and `journalctl -u {unit}`, then run `systemctl restart {unit}`",
    "请查看 LLM505 与 `journalctl -u {unit}`，然后执行 `systemctl restart {unit}`",
)
PAGE = Text(
    "see `journalctl -u {unit}`, then run `systemctl restart {unit}`",
    "请查看 `journalctl -u {unit}`，然后执行 `systemctl restart {unit}`",
)
ROOM = Text(
    "make room: `du -xh /var | sort -h | tail` lists what is large (LLM101)",
    "请清理磁盘：用 `du -xh /var | sort -h | tail` 查看占用（LLM101）",
)
DOCKER = Text(
    "run `systemctl restart docker` (containers without a restart policy have to be started again)",
    "请执行 `systemctl restart docker`（没有重启策略的容器需要重新启动）",
)
LEAST_FREE = 500_000_000
# How far a question came -> what that means, and what to do.
STAGES: Dict[str, Tuple[Text, Text]] = {
    "connect": (Text("nothing listens at the gateway's port", "网关端口没有服务在监听"), NGINX),
    "tls": (Text("the gateway does not speak TLS", "网关无法建立 TLS 连接"), NGINX),
    "certificate": (Text("the gateway's certificate can't be read", "无法读取网关证书"), SITE),
    "other certificate": (
        Text("the gateway shows another certificate than the one on the disk", "网关使用的证书与磁盘上的不一致"),
        Text("run `systemctl reload nginx`", "请执行 `systemctl reload nginx`"),
    ),
    "keys": (Text("the gateway takes none of the keys on the node", "网关不接受该节点上的任何密钥"), SITE),
    "engine": (Text("the gateway reaches no engine", "网关连不上引擎"), ENGINE),
    "silent": (Text("the engine gives no answer", "引擎没有给出回答"), ENGINE),
    "reply": (Text("the answer can't be used", "得到的回答无法使用"), ENGINE),
    "page": (Text("the chat page is not well", "对话页面不正常"), PAGE),
}
STATES = {
    "masked": Text("masked", "被屏蔽"),
    "failed": Text("failed", "已失败"),
    "restarting": Text("restarts again and again", "反复重启"),
    "condition": Text("not started, as its condition does not hold", "启动条件不满足"),
    "stopped": Text("stopped", "已停止"),
    "off": Text("stopped and disabled", "已停止并禁用"),
    "disabled": Text("does not start at boot", "开机不启动"),
}
COMMANDS = {
    "masked": "systemctl unmask {0}; systemctl start {0}",
    "failed": "journalctl -u {0}; systemctl restart {0}",
    "restarting": "journalctl -u {0}",
    "condition": "systemctl status {0}",
    "stopped": "systemctl start {0}",
    "off": "systemctl enable --now {0}",
    "disabled": "systemctl enable {0}",
}


def means(found: Mapping[str, Any], unit: str) -> Tuple[Text, Text]:
    """What an answer that did not come means, and the remedy."""
    what, remedy = STAGES.get(str(found.get("stage")), STAGES["reply"])
    return what, remedy.filled({"unit": unit})


def down(seen: Mapping[str, Any], engine: str) -> List[Message]:
    """Everything that a look found down."""
    said: List[Message] = []
    for key, unit, title in (
        ("answer", engine, Text("no answer through the gateway", "经网关得不到回答")),
        ("page", CHAT, Text("the chat page does not work", "对话页面无法使用")),
    ):
        found = seen.get(key)
        if found and found.get("ok") is False and found.get("stage") != "busy":
            what, remedy = means(found, unit)
            reason = found.get("reason")
            said.append(
                Message(Text(f"{title.en}: {what.en} ({reason})", f"{title.zh}：{what.zh}（{reason}）"), remedy)
            )
    for name, row in sorted(seen["units"].items()):
        state = trouble(name, row)
        if state:
            reason_ = Text(f"{name}: {STATES[state].en}", f"{name}：{STATES[state].zh}")
            command = COMMANDS[state].format(name)
            said.append(Message(reason_, Text(f"run `{command}`", f"请执行 `{command}`")))
    for name, door in sorted(seen["doors"].items()):
        if not door["health"]:
            why = door["reason"]
            reason_ = Text(f"{name} gives no sign of health: {why}", f"{name} 健康检查失败：{why}")
            said.append(Message(reason_, PAGE.filled({"unit": name})))
    for model, reason in sorted(seen["weights"].items()):
        if reason:
            reason_ = Text(
                f"the weights of {model} are not verified: {reason}", f"模型 {model} 的权重未通过校验：{reason}"
            )
            said.append(Message(reason_, SITE))
    if seen["free"] is not None and seen["free"] < LEAST_FREE:
        left = f"{seen['free'] / 1e6:.0f} MB"
        said.append(Message(Text(f"the disk of the data has {left} left", f"数据所在磁盘仅剩 {left}"), ROOM))
    if seen.get("docker gone"):
        listed = ", ".join(seen["docker gone"])
        reason_ = Text(f"Docker's packet rules are gone: {listed}", f"Docker 的防火墙规则已丢失：{listed}")
        said.append(Message(reason_, DOCKER))
    for part, lost, lost_zh in (
        ("tables", "packet rules of {} are", "防火墙规则"),
        ("addresses", "address of {} is", "地址"),
    ):
        for name in sorted(name for name, there in seen[part].items() if not there):
            reason_ = Text(f"the {lost.format(name)} gone", f"{name} 的{lost_zh}已丢失")
            said.append(Message(reason_, Text(f"run `systemctl restart {name}`", f"请执行 `systemctl restart {name}`")))
    return said
