# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the planner says of a checkpoint, of how its cache is kept, and of cards that share the machine's memory."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM554": Message(
        Text(
            "{checkpoint} is loaded by {engines}, not by {engine}",
            "{checkpoint} 只能由 {engines} 加载，{engine} 不支持",
        ),
        Text(
            "set appliance_engine accordingly, or take another appliance_precision",
            "请相应设置 appliance_engine，或更换 appliance_precision",
        ),
    ),
    "LLM555": Message(
        Text(
            "{model} answers with vectors or scores ({kind}), not with text: it can't serve the chat page or the chat "
            "routes. Its weights would take about {gib} GiB",
            "{model} 输出向量或分数（{kind}），不生成文本，不能用于对话页面和对话接口。其权重约 {gib} GiB",
        ),
        Text(
            "take a model that writes text; an embedding or reranking service of your own stands beside the appliance",
            "请使用生成文本的模型；向量或重排服务请另行部署",
        ),
    ),
    "LLM575": Message(
        Text(
            "{gpu} keeps its cache in fp8_e5m2, which has a bit of precision less than newer cards' e4m3",
            "{gpu} 的缓存用 fp8_e5m2，精度比新卡的 e4m3 少一位",
        ),
        Text(
            "compare a few long answers with appliance_kv_cache_dtype: auto",
            "请用 appliance_kv_cache_dtype: auto 对比几个长回答",
        ),
    ),
    "LLM576": Message(
        Text(
            "{gpu} shares its memory with the system: {utilization} of it is planned, the rest is left to others",
            "{gpu} 与系统共用内存：只规划其中的 {utilization}，其余留给系统与其他程序",
        ),
        Text(
            "keep other programs off this machine, and compare with the engine's own line after the start "
            "(tasks_from: calibrate)",
            "请勿在该节点运行其他程序，启动后请与引擎日志对比（tasks_from: calibrate）",
        ),
    ),
    "LLM577": Message(
        Text(
            "{gguf} was made before llama.cpp kept MLA's latent: each token of its cache takes {mib} MiB, not {latent}",
            "{gguf} 由旧版工具转换，缓存不用 MLA 潜向量：每个词元占 {mib} MiB，而非 {latent}",
        ),
        Text(
            "take a newer conversion, whose tensors attn_k_b and attn_v_b are split",
            "请使用新版转换的文件（含拆分的 attn_k_b 与 attn_v_b 张量）",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {}
