# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the planner says of a checkpoint, of how its cache is kept, and of cards that share the machine's memory."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM520": Message(
        Text("the catalogue can't be read: {problem}", "无法读取型号库：{problem}"),
        Text(
            "correct that file or appliance_catalog_dirs (the format is in docs/planner.md)",
            "请修正该文件或 appliance_catalog_dirs（格式见 docs/planner.md）",
        ),
    ),
    "LLM521": Message(
        Text("unknown profile {name!r}; there are: {known}", "未知档位 {name!r}；现有：{known}"),
        Text(
            "set {variable} to one of these, or add it in a folder of appliance_catalog_dirs",
            "请把 {variable} 设为其中之一，或在 appliance_catalog_dirs 的文件夹中添加",
        ),
    ),
    "LLM522": Message(
        Text("unknown model {name!r}; there are: {known}", "未知模型 {name!r}；现有：{known}"),
        Text(
            "set {variable} to one of these, or add it in a folder of appliance_catalog_dirs",
            "请把 {variable} 设为其中之一，或在 appliance_catalog_dirs 的文件夹中添加",
        ),
    ),
    "LLM523": Message(
        Text("unknown engine {name!r}; there are: {known}", "未知引擎 {name!r}；现有：{known}"),
        Text(
            "set {variable} to one of these, or add it in a folder of appliance_catalog_dirs",
            "请把 {variable} 设为其中之一，或在 appliance_catalog_dirs 的文件夹中添加",
        ),
    ),
    "LLM524": Message(
        Text("unknown image {name!r}; there are: {known}", "未知镜像 {name!r}；现有：{known}"),
        Text(
            "set {variable} to one of these, or add it in a folder of appliance_catalog_dirs",
            "请把 {variable} 设为其中之一，或在 appliance_catalog_dirs 的文件夹中添加",
        ),
    ),
    "LLM525": Message(
        Text("unknown GPU {name!r}; there are: {known}", "未知 GPU {name!r}；现有：{known}"),
        Text(
            "set {variable} to one of these, or add it in a folder of appliance_catalog_dirs",
            "请把 {variable} 设为其中之一，或在 appliance_catalog_dirs 的文件夹中添加",
        ),
    ),
    "LLM526": Message(
        Text(
            "unknown appliance_{name} {value!r}; there are: {listed}",
            "appliance_{name} 未知：{value!r}；可用：{listed}",
        ),
        Text("set appliance_{name} to one of them", "请把 appliance_{name} 设为其中之一"),
    ),
    "LLM528": Message(
        Text(
            "the checkpoint {model} is quantised and no 16-bit one is known",
            "{model} 的检查点是量化的，没有已知的 16 位版本",
        ),
        Text("set appliance_precision: native", "请设置 appliance_precision: native"),
    ),
    "LLM529": Message(
        Text("no GGUF {gguf!r}; there are: {known}", "没有 GGUF {gguf!r}；现有：{known}"),
        Text("set appliance_gguf to one of them", "请将 appliance_gguf 设为其中之一"),
    ),
    "LLM530": Message(
        Text(
            "nothing is known about model {model}: no config.json was read, and the catalogue has none",
            "模型 {model} 没有 config.json，型号库中也没有",
        ),
        Text(
            "check the hub from the node (`curl -I` on appliance_modelscope_endpoint), or put `config` into an "
            "entry of appliance_catalog_dirs",
            "请在节点上检查模型站（对 appliance_modelscope_endpoint 执行 `curl -I`），或在 appliance_catalog_dirs "
            "的条目中写入 `config`",
        ),
    ),
    "LLM531": Message(
        Text("config.json of {model} is not usable: {problem}", "{model} 的 config.json 有误：{problem}"),
        Text(
            "check the model's folder below appliance_weights_dir, or set another appliance_model",
            "请检查 appliance_weights_dir 下的模型目录，或更换 appliance_model",
        ),
    ),
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
            "set appliance_model to one that writes text; the chat page searches documents with such a model in "
            "open_webui_embedding_dir, or with a server of yours in open_webui_embedding",
            "请把 appliance_model 设为生成文本的模型；对话页面检索文档用的模型请在 open_webui_embedding_dir "
            "或 open_webui_embedding 中指定",
        ),
    ),
    "LLM556": Message(
        Text(
            "no {precision} checkpoint of {model} is known: it is stored as {stored}",
            "没有已知的 {model} 的 {precision} 检查点：其存储格式为 {stored}",
        ),
        Text(
            "set appliance_precision to one of {known}, or appliance_model to a repository that is stored so",
            "请把 appliance_precision 设为其中之一：{known}；或把 appliance_model 设为以该格式存储的仓库",
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
            "set appliance_gguf to a newer conversion, whose tensors attn_k_b and attn_v_b are split",
            "请把 appliance_gguf 设为新版转换的文件（含拆分的 attn_k_b 与 attn_v_b 张量）",
        ),
    ),
    "LLM578": Message(
        Text(
            "the engine runs Python of {model}'s repository, for this reason: {reason}",
            "引擎会运行 {model} 仓库中的 Python 代码，站点的理由：{reason}",
        ),
        Text(
            "read its *.py files again with each new revision; for a model without them, set another appliance_model",
            "仓库版本更新时请重新审阅其 *.py 文件；若不需要，请更换 appliance_model",
        ),
    ),
    "LLM579": Message(
        Text(
            "the quantisation {form} is not known: its weights are counted with {bits:g} bits each, and the engine "
            "may refuse it",
            "未知的量化格式 {form}：权重按每个 {bits:g} 位计，引擎可能无法加载",
        ),
        Text(
            "compare the weights with the size of the files, or set another appliance_precision or appliance_model",
            "请将权重大小与文件大小对比，或更换 appliance_precision 或 appliance_model",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {}
