# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 3: Docker, images, services."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM317": Message(
        Text("{name}: Docker could not start with {value!r}", "{name}：取值 {value!r} 会使 Docker 无法启动"),
        Text("write it like this: {example}", "写法示例：{example}"),
    ),
    "LLM318": Message(
        Text("{name}: {value!r} is not the fingerprint of a key", "{name}：{value!r} 不是密钥指纹"),
        Text("give the 40 hexadecimal digits of the repository's key", "请填写软件源密钥的 40 位十六进制指纹"),
    ),
    "LLM309": Message(
        Text("Docker is not as wanted: {mismatches}", "Docker 不符合要求：{mismatches}"),
        Text(
            "run site.yml again; if it stays, read `journalctl -u docker`: an option in docker_daemon_options "
            "may be unknown to this version",
            "请重新运行 site.yml；若仍不符合，请查看 `journalctl -u docker`：docker_daemon_options 中可能有该"
            "版本不支持的选项",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {}
