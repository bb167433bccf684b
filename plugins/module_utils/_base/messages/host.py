# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 1: the node itself, variables, reports, files and commands."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM130": Message(
        Text("ports that cannot be: {what}", "端口不可用：{what}"),
        Text("give each of {names} a port of its own, from 1 to 65535", "请为 {names} 各指定一个不同的端口（1-65535）"),
    ),
    "LLM131": Message(
        Text("{name} does not take {value!r}", "{name} 不接受 {value!r}"),
        Text("write it like this: {example}", "写法示例：{example}"),
    ),
    "LLM132": Message(
        Text("{name}: {path!r} is not a path that can be used", "{name}：路径 {path!r} 不可用"),
        Text(
            "write it whole, from / on, without blanks, commas, quotes, % and $",
            "请写成以 / 开头的完整路径，不含空格、逗号、引号、% 与 $",
        ),
    ),
    "LLM116": Message(
        Text("kernel settings are not as wanted: {names}", "内核参数不符合要求：{names}"),
        Text(
            "run site.yml again; another file of sysctl.d may set them",
            "请重新运行 site.yml，并检查其他 sysctl.d 文件",
        ),
    ),
    "LLM119": Message(
        Text("{job} did not end within {seconds} s", "{job} 未在 {seconds} 秒内结束"),
        Text(
            "look on the node what hangs (ps, dmesg, a full or failing disk), then run again",
            "请在节点上查看阻塞原因（ps、dmesg、磁盘已满或故障），然后重新运行",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "a port that is not one": Text("{name} is {value!r}", "{name} 为 {value!r}"),
    "a port wanted by several": Text("{port} for {names}", "{port} 被 {names} 同时使用"),
}
