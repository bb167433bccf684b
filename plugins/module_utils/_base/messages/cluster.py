# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 4: nodes that compute together."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM401": Message(
        Text(
            "{node}: {address} is not the IP address of an interface of it, which nodes that compute together need",
            "{node}：{address} 不是该节点某个接口的 IP 地址，多节点部署需要",
        ),
        Text(
            "set appliance_data_address of {node} to its address in the network between the nodes",
            "请为 {node} 设置 appliance_data_address（节点间网络的地址）",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {}
