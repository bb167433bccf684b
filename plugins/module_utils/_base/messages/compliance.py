# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages about what a level of compliance asks (docs/compliance.md)."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM890": Message(
        Text("{standard}: controls are open: {what}", "{standard}：有控制项不符合：{what}"),
        Text(
            "do what stands behind each arrow, then run yitiji.deepseek.compliance",
            "请按各项箭头后的办法处理，再运行 yitiji.deepseek.compliance",
        ),
    ),
    "LLM891": Message(
        Text("{name}: {value} can't be used", "{name}：取值 {value} 不可用"),
        Text("set {name} to {wanted}", "请将 {name} 设为 {wanted}"),
    ),
    "LLM892": Message(
        Text(
            "compliance_tlcp: a TLCP gateway is planned, and can't be shown yet",
            "compliance_tlcp：国密网关已有规划，尚不能出示",
        ),
        Text(
            "leave compliance_tlcp false and put a TLCP gateway of the site's in front",
            "请保持 compliance_tlcp 为 false，由现场的国密网关承担",
        ),
    ),
    "LLM893": Message(
        Text(
            "the node is reached as root with a password, which SSH will no longer take",
            "当前以 root 加口令连接节点，设置之后 SSH 将不再接受",
        ),
        Text(
            "run `ssh-copy-id root@NODE` and take ansible_password out of the inventory",
            "请先执行 `ssh-copy-id root@NODE`，并从清单中去掉 ansible_password",
        ),
    ),
}
PHRASES: Dict[str, Text] = {
    "a command that failed": Text("shows nothing: the command failed ({status})", "没有结论：命令失败（{status}）"),
}
