# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages about engines that ended at their start for lack of memory."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM580": Message(
        Text(
            "an earlier start ended for lack of memory ({said}), so this plan is smaller: {changes}",
            "上次启动因内存不足结束（{said}），因此方案已缩小：{changes}",
        ),
        Text(
            "look for other programs on the cards; for the first plan again, remove the rows of kind `ended` from "
            "calibration.json in appliance_plan_dir",
            "请检查显卡上是否有其他程序；如要恢复原方案，请从 appliance_plan_dir 的 calibration.json 中删除 kind 为 "
            "ended 的行",
        ),
    ),
    "LLM581": Message(
        Text(
            "{model} ended at its start for lack of memory ({said}), and the least that profile {profile} allows, "
            "{requests} requests at once and a context of {context}, needs {needed} GiB where {there} are there",
            "{model} 启动时因内存不足结束（{said}），而档位 {profile} 允许的最低要求"
            "（并发 {requests}，上下文 {context}）需要 {needed} GiB，只有 {there} GiB",
        ),
        Text(
            "end other programs on the cards and run again; or take another checkpoint (appliance_precision), a cache "
            "of half the size (appliance_kv_cache_dtype: fp8) or more cards; or ask for less "
            "(appliance_context_length, appliance_concurrency)",
            "请停止显卡上的其他程序后重试；或换用其他检查点（appliance_precision）、减半的缓存"
            "（appliance_kv_cache_dtype: fp8）或更多显卡；或降低要求"
            "（appliance_context_length、appliance_concurrency）",
        ),
    ),
}

# What an engine said, by the kind of its end (_engines/ended.py).
PHRASES: Dict[str, Text] = {
    "ended_cache": Text("no room for a cache, {kv_gib} GiB", "没有缓存空间，{kv_gib} GiB"),
    "ended_context": Text(
        "the cache of {kv_gib} GiB holds {longest} tokens of the {max_len} of one request",
        "{kv_gib} GiB 缓存只能容纳单请求 {max_len} 词元中的 {longest} 个",
    ),
    "ended_free": Text("{free_gib} of {total_gib} GiB were free", "{total_gib} GiB 中只有 {free_gib} GiB 空闲"),
    "ended_graphs": Text(
        "the card was full once its cache was made: {tried_gib} GiB wanted, {free_gib} free",
        "分配缓存后显存已满：还需 {tried_gib} GiB，空闲 {free_gib}",
    ),
    "ended_load": Text(
        "the card was full while the weights were loaded: {tried_gib} GiB wanted, {free_gib} free",
        "加载权重时显存已满：还需 {tried_gib} GiB，空闲 {free_gib}",
    ),
    "ended_profile": Text(
        "the card was full at the first forward pass: {tried_gib} GiB wanted, {free_gib} free",
        "首次前向计算时显存已满：还需 {tried_gib} GiB，空闲 {free_gib}",
    ),
}
