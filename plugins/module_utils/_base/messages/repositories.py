# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""More of the hundreds 1 and 3: package repositories of others, and what a distribution has running beside us."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM165": Message(
        Text("the package repository can't be read: {url}: {error}", "无法读取软件源 {url}：{error}"),
        Text(
            "check the node's way to it (proxy, DNS, firewall), set the role's *_repository_url to a mirror that the "
            "node reaches, or install from an offline bundle (`appliance_source: bundle`)",
            "请检查节点到该地址的网络（代理、DNS、防火墙），将该角色的 *_repository_url 设为节点可访问的镜像，"
            "或使用离线包（`appliance_source: bundle`）",
        ),
    ),
    "LLM331": Message(
        Text(
            "SELinux is on, and the commands that tell it what a service may do are missing: {tools}",
            "SELinux 已启用，但缺少用于配置它的命令：{tools}",
        ),
        Text(
            "run `dnf install policycoreutils-python-utils policycoreutils` on the node",
            "请在节点上执行 `dnf install policycoreutils-python-utils policycoreutils`",
        ),
    ),
}
PHRASES: Dict[str, Text] = {}
