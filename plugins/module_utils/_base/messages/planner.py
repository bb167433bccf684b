# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 5: the plan and the engines."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM514": Message(
        Text(
            "the head {head} of {deployment} is not in this run or has failed, so there is no plan",
            "部署 {deployment} 的首节点 {head} 不在本次运行中或已失败，没有计划",
        ),
        Text("repair it, or run without --limit", "请先修复它，或去掉 --limit"),
    ),
    "LLM515": Message(
        Text("the plan differs from the saved one", "计划已与保存的不同"),
        Text("run site.yml again", "请重新运行 site.yml"),
    ),
    "LLM538": Message(
        Text("this plan can be made but not yet run: {reason}", "该方案可以生成，但尚不能运行：{reason}"),
        Text(
            "set appliance_engine: vllm; the plan is kept in {folder}",
            "请设置 appliance_engine: vllm；方案保存在 {folder}",
        ),
    ),
    "LLM541": Message(
        Text(
            "no plan can be kept in {folder} on the controller: {detail}",
            "控制机上的 {folder} 不可写，无法保存方案：{detail}",
        ),
        Text(
            "set appliance_plan_dir to a folder that can be written, or make the inventory's folder writable",
            "请把 appliance_plan_dir 设为可写的目录，或让清单所在目录可写",
        ),
    ),
    "LLM549": Message(
        Text(
            "deepseek_infer_model, deepseek_infer_source or the number of cards is not usable: {ranks} ranks, "
            "{experts} experts",
            "deepseek_infer_model、deepseek_infer_source 或显卡数量不可用：{ranks} 个进程，{experts} 个专家",
        ),
        Text(
            "set deepseek_infer_model to the model's folder on the nodes and deepseek_infer_source to the "
            "folder `inference` on this machine; nodes x deepseek_infer_cards must divide the number of "
            "experts",
            "请设置 deepseek_infer_model（节点上的模型目录）与 deepseek_infer_source（本机的 inference 目录）；"
            "节点数 x deepseek_infer_cards 须能整除专家数",
        ),
    ),
    "LLM550": Message(
        Text("no model is named", "没有指定模型"),
        Text(
            "set quick_check_model to the model's folder on the node, for example /srv/models/OWNER/NAME",
            "请把 quick_check_model 设为节点上的模型目录，例如 /srv/models/OWNER/NAME",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {}
