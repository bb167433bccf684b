# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages about upgrades and the way back (docs/upgrade.md)."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM557": Message(
        Text(
            "driver {loaded} is in use; {version} works after a reboot of the node alone, and can't be taken back",
            "驱动 {loaded} 正在使用；{version} 须重启节点才能生效，且无法自动回退",
        ),
        Text(
            "choose a time without users, set nvidia_driver_reboot: allowed, and run yitiji.deepseek.upgrade again",
            "请选择无人使用的时段，设置 nvidia_driver_reboot: allowed 后重新运行 yitiji.deepseek.upgrade",
        ),
    ),
    "LLM583": Message(
        Text("the generation of before can't be brought back: {why}", "无法回退到上一代：{why}"),
        Text(
            "nothing was changed; put the former values into the inventory, bring back the lock and run site.yml, "
            "for the chat page's data with backup_file",
            "未作任何更改；请在清单中恢复原先的取值与锁定文件并运行 site.yml，对话数据用 backup_file 恢复",
        ),
    ),
    "LLM584": Message(
        Text(
            "the upgrade failed and generation {number} serves again: {why}",
            "升级失败，已自动回退到第 {number} 代并恢复服务：{why}",
        ),
        Text(
            "mend what it says and run yitiji.deepseek.upgrade again",
            "请解决上述问题后重新运行 yitiji.deepseek.upgrade",
        ),
    ),
    "LLM585": Message(
        Text("no run of site.yml has left a generation on this node", "该节点没有 site.yml 留下的运行记录（代）"),
        Text(
            "run site.yml with the inventory as it is, which records what serves; then upgrade",
            "请先按现有清单运行 site.yml 以记录当前状态，再升级",
        ),
    ),
    "LLM586": Message(
        Text("this upgrade crosses changes that break something: {changes}", "本次升级跨越了不兼容的变更：{changes}"),
        Text(
            "read their sources; to go on, accept each by its id: -e '{{\"upgrade_accept\": [{ids}]}}'",
            "请阅读所列来源；如接受，请逐一写明编号：-e '{{\"upgrade_accept\": [{ids}]}}'",
        ),
    ),
    "LLM587": Message(
        Text(
            "upgrades and the way back run whole, without --tags and --skip-tags, and `to` is a mapping of variables",
            "升级与回退须整体运行，不能使用 --tags 与 --skip-tags；to 须为变量的映射",
        ),
        Text(
            'leave the tags out, and write -e \'{{"to": {{"appliance_model": "deepseek-r1-14b"}}}}\'',
            '请去掉标签，并写成 -e \'{{"to": {{"appliance_model": "deepseek-r1-14b"}}}}\'',
        ),
    ),
}
PHRASES: Dict[str, Text] = {}
