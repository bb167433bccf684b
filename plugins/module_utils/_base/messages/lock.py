# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages about the lock of an inventory (docs/lock.md)."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

_ACCEPT = Text(
    "look at it with `ansible-playbook yitiji.deepseek.lock -i INVENTORY -e lock_check=true`, and accept it with the "
    "same command without lock_check",
    "请用 `ansible-playbook yitiji.deepseek.lock -i 清单 -e lock_check=true` 查看差异，"
    "去掉 lock_check 再执行一次即表示接受",
)
MESSAGES: Dict[str, Message] = {
    "LLM589": Message(
        Text(
            "{lock} names {images} without a digest, and neither the node nor the registry tells one now",
            "{lock} 中的 {images} 没有摘要，目前节点和镜像仓库也都无法给出",
        ),
        Text(
            "let the node reach the registry (`docker login`), or pin it: appliance_images: {{NAME: {{digest: …}}}}",
            "请确保节点能访问镜像仓库（`docker login`）；或固定摘要：appliance_images: {{NAME: {{digest: …}}}}",
        ),
    ),
    "LLM592": Message(
        Text(
            "this is not what {lock} locks (locked -> now): {differences}",
            "与 {lock} 中锁定的内容不符（锁定 -> 现在）：{differences}",
        ),
        Text(
            f"put back what was locked (variables, collection, the model's files); or {_ACCEPT.en}",
            f"请恢复锁定的内容（变量、collection、模型文件）；或{_ACCEPT.zh}",
        ),
    ),
    "LLM593": Message(
        Text("the lock {lock} can't be followed: {why}", "锁定文件 {lock} 无法使用：{why}"),
        Text(
            "bring back its last version (`git checkout -- {lock}`); or delete it and run "
            "`ansible-playbook yitiji.deepseek.lock -i INVENTORY`",
            "请恢复其上一版本（`git checkout -- {lock}`）；或删除后执行 "
            "`ansible-playbook yitiji.deepseek.lock -i 清单`",
        ),
    ),
    "LLM594": Message(
        Text(
            "packages have other versions than the lock says (locked -> installed): {differences}",
            "软件包版本与锁定的不符（锁定 -> 已安装）：{differences}",
        ),
        Text(
            f"{_ACCEPT.en}; or install the locked version: `{{command}}`; where updates may come at any "
            "time, silence this rule: appliance_rules_ignore: [{{id: LLM594, reason: …}}]",
            f"{_ACCEPT.zh}；或安装锁定的版本：`{{command}}`；若允许系统随时更新，"
            "请忽略本规则：appliance_rules_ignore: [{{id: LLM594, reason: …}}]",
        ),
    ),
    "LLM595": Message(
        Text(
            "{registry} now serves {served} for {image}, locked is {digest}",
            "{registry} 现在为 {image} 提供的是 {served}，锁定的是 {digest}",
        ),
        Text(
            f"ask whoever runs the registry why the tag was moved; then {_ACCEPT.en}",
            f"请向镜像仓库的管理者确认标签为何被移动；然后{_ACCEPT.zh}",
        ),
    ),
}
PHRASES: Dict[str, Text] = {
    "lock: left out": Text(
        "{image} is left out: nobody tells its digest yet. The run after the next site.yml adds it",
        "{image} 暂不锁定：尚无法得知其摘要。下一次 site.yml 之后的运行会补上",
    ),
}
