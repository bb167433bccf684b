# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 8: secrets, the gateway and the firewall."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM801": Message(
        Text("others can reach {ports}", "以下端口对外开放：{ports}"),
        Text(
            "bind it to 127.0.0.1 or stop it; if it is meant to be open, add its port to verify_ports",
            "请改为监听 127.0.0.1 或停止该服务；如确需开放，请将端口加入 verify_ports",
        ),
    ),
    "LLM809": Message(
        Text(
            "the kernel's table inet yitiji is not the one that was kept",
            "内核中的 inet yitiji 表与保存的规则不一致",
        ),
        Text("run site.yml again", "请重新运行 site.yml"),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {}
