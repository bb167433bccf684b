# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files, folders and links that a role keeps on a node."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM171": Message(
        Text("{path} is a {kind} and shall be a {wanted}", "{path} 是 {kind}，而应为 {wanted}"),
        Text(
            "see what it is and who made it, move it away, then run again: nothing of another kind is replaced",
            "请查看其内容与来源，移走后重新运行：不会替换不同类型的对象",
        ),
    ),
    "LLM172": Message(
        Text(
            "{path} shall belong to {owner}:{group}, which this node does not have",
            "{path} 应属于 {owner}:{group}，而本节点上没有该用户或组",
        ),
        Text(
            "see `getent passwd` and `getent group`: the package that makes them is missing or was changed",
            "请查看 `getent passwd` 与 `getent group`：创建它们的软件包缺失或被改动",
        ),
    ),
    "LLM173": Message(
        Text("the new {path} is not valid: {said}. The old one stays", "新的 {path} 无效：{said}。旧文件保持不变"),
        Text(
            "correct the variable that the lines below point at, then run again",
            "请根据下方日志改正相应变量，然后重新运行",
        ),
    ),
    "LLM197": Message(
        Text("row {number} of the list of files, {path}: {why}", "文件清单第 {number} 项 {path}：{why}"),
        Text(
            "correct it in the task (ansible-doc yitiji.deepseek.managed_files)",
            "请在任务中改正（参见 ansible-doc yitiji.deepseek.managed_files）",
        ),
    ),
    "LLM588": Message(
        Text("appliance_vendor: pages can't show {what}", "appliance_vendor：页面无法显示 {what}"),
        Text(
            "give name, logo (a PNG, JPEG or SVG file on the controller, at most 64 KiB) and color (like #0a58ca) "
            "in hosts.yml, then run the command again",
            "请在 hosts.yml 中填写 name、logo（控制机上的 PNG、JPEG 或 SVG 文件，不超过 64 KiB）和 "
            "color（如 #0a58ca），然后重新运行该命令",
        ),
    ),
}

PHRASES: Dict[str, Text] = {
    "files_absolute": Text("its path is not absolute", "路径不是绝对路径"),
    "files_twice": Text("row {number} describes it too", "第 {number} 项也描述了它"),
    "files_option": Text("{option} does not go with state {state}", "{option} 不能与 state {state} 同时使用"),
    "files_missing": Text("{option} is missing", "缺少 {option}"),
    "files_text": Text(
        "content is not a text: end its expression with `| to_nice_json` or `| string`",
        "content 不是文本：请在表达式末尾加上 `| to_nice_json` 或 `| string`",
    ),
    "files_validate": Text("validate does not name the file as %s", "validate 中没有用 %s 指代文件"),
    "files_mode": Text("mode {mode!r} is not octal", "mode {mode!r} 不是八进制数"),
}
