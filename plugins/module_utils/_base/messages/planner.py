# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 5: the plan and the engines."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM501": Message(
        Text("{gpu} can't run {form}", "{gpu} 不能运行 {form}"),
        Text(
            "set appliance_precision: fp16",
            "请设置 appliance_precision: fp16",
        ),
    ),
    "LLM502": Message(
        Text("{gpu} can't run {form}", "{gpu} 不能运行 {form}"),
        Text(
            "set another appliance_model, or list other cards in appliance_hardware",
            "请更换 appliance_model，或在 appliance_hardware 中改用其他显卡",
        ),
    ),
    "LLM503": Message(
        Text("{cards}: no parallel layout is possible ({faults})", "{cards}：没有可行的并行布局（{faults}）"),
        Text(
            "list another number of GPUs in appliance_hardware or of hosts in the deployment's group, or set "
            "another appliance_model",
            "请在 appliance_hardware 中改用其他 GPU 数量、增减该组的主机，或更换 appliance_model",
        ),
    ),
    "LLM504": Message(
        Text(
            "{model} ({precision}) does not fit on {cards}: {needed:.2f} GiB a card needed ({weights:.1f} of "
            "it weights), {usable:.1f} GiB usable (TP{tensor} PP{pipeline}, context {context}, {requests} "
            "requests at once); {longest}",
            "{model}（{precision}）在 {cards} 上放不下：每卡需要 {needed:.2f} GiB（其中权重 {weights:.1f}），"
            "可用 {usable:.1f} GiB（TP{tensor} PP{pipeline}，上下文 {context}，并发 {requests}）；{longest}",
        ),
        Text(
            "set a smaller appliance_model",
            "请设置更小的 appliance_model",
        ),
    ),
    "LLM505": Message(
        Text("{unit} was not ready after {timeout} s: {why}", "{unit} 在 {timeout} 秒后仍未就绪：{why}"),
        Text(
            "read `journalctl -u {unit}` on the node: if it is still loading, raise {variable} in hosts.yml, "
            "otherwise correct what it names; then run site.yml again",
            "请在节点上查看 `journalctl -u {unit}`：若仍在加载，请在 hosts.yml 中调大 {variable}，否则按日志改"
            "正；然后重新运行 site.yml",
        ),
    ),
    "LLM507": Message(
        Text("different GPUs in one deployment: {listed}", "一个部署中有多种 GPU：{listed}"),
        Text(
            "make an inventory group below `appliances` for each kind of GPU (hosts.yml), then run site.yml again",
            "请在 hosts.yml 的 `appliances` 下按 GPU 型号分组，然后重新运行 site.yml",
        ),
    ),
    "LLM508": Message(
        Text(
            "Ollama cut a question of {wanted} tokens to {seen}; the plan promises a context of {context}",
            "Ollama 把 {wanted} 个词元的问题截断为 {seen}；方案承诺的上下文为 {context}",
        ),
        Text(
            "see OLLAMA_CONTEXT_LENGTH in `systemctl cat yitiji-ollama` and num_ctx in `ollama show`; run "
            "site.yml again",
            "请检查 `systemctl cat yitiji-ollama` 中的 OLLAMA_CONTEXT_LENGTH 与 `ollama show` 中的 num_ctx，然"
            "后重新运行 site.yml",
        ),
    ),
    "LLM511": Message(
        Text("{names}: no GPU", "{names}：没有 GPU"),
        Text(
            "run `nvidia-smi` on the node: it must list the GPUs (role nvidia_driver installs the driver); or "
            "take the node out of the group in hosts.yml",
            "请在节点上执行 `nvidia-smi`，应列出 GPU（角色 nvidia_driver 会安装驱动）；或在 hosts.yml 中从该组"
            "移除该节点",
        ),
    ),
    "LLM512": Message(
        Text("the deployment has {there} node(s), {ranks} are needed", "部署中有 {there} 个节点，需要 {ranks} 个"),
        Text(
            "add hosts to the deployment's group in hosts.yml",
            "请在 hosts.yml 中给该组添加主机",
        ),
    ),
    "LLM513": Message(
        Text("{node}: its hardware was neither read nor declared", "{node}：既没有读取到硬件，也没有声明"),
        Text(
            "declare appliance_hardware in the inventory; if the node is away: --limit '!DEPLOYMENT'",
            "请在清单中写 appliance_hardware；如果该节点不可用，请排除整个部署：--limit '!DEPLOYMENT'",
        ),
    ),
    "LLM514": Message(
        Text(
            "the head {head} of {deployment} is not in this run or has failed, so there is no plan",
            "部署 {deployment} 的首节点 {head} 不在本次运行中或已失败，没有方案",
        ),
        Text(
            "repair it; name {head} in --limit too, or leave the deployment out: --limit '!{deployment}'",
            "请先修复它；请在 --limit 中一并写上 {head}，或排除整个部署：--limit '!{deployment}'",
        ),
    ),
    "LLM515": Message(
        Text("the plan differs from the saved one", "方案已与保存的不同"),
        Text("run site.yml again", "请重新运行 site.yml"),
    ),
    "LLM532": Message(
        Text(
            "{model}: {model_type} keeps recurrent states; about {left} GiB a card would be left for KV, but no "
            "token count is promised",
            "{model}：{model_type} 带有循环状态；每卡约剩 {left} GiB 给 KV，但不承诺词元数",
        ),
        Text(
            "set appliance_model to one of the catalogue (docs/planner.md)",
            "请把 appliance_model 设为型号库中的模型（docs/planner.md）",
        ),
    ),
    "LLM533": Message(
        Text(
            "{model}: unknown model_type {model_type!r} with states of its own; about {left} GiB a card would be left "
            "for KV, but no token count is promised",
            "{model}：未知的 model_type {model_type!r}，且带有自己的状态；每卡约剩 {left} GiB 给 KV，但不承诺词元数",
        ),
        Text(
            "set appliance_model to one of the catalogue (docs/planner.md)",
            "请把 appliance_model 设为型号库中的模型（docs/planner.md）",
        ),
    ),
    "LLM536": Message(
        Text("the engine's log holds no figure of its KV cache", "引擎日志中没有 KV 缓存的数值"),
        Text("wait until the engine has started, then run again", "请等引擎启动完成后重新运行"),
    ),
    "LLM538": Message(
        Text("this plan can be made but not yet run: {reason}", "该方案可以生成，但尚不能运行：{reason}"),
        Text(
            "set appliance_engine: vllm; the plan is kept in {folder}",
            "请设置 appliance_engine: vllm；方案保存在 {folder}",
        ),
    ),
    "LLM539": Message(
        Text("the further models (appliance_beside) can't be planned: {problem}", "无法规划同机的其他模型：{problem}"),
        Text(
            "give each entry of appliance_beside a model and its cards, and leave at least one card to the first model",
            "appliance_beside 每项请写明 model 与 cards，并给主模型至少留一张卡",
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
    "LLM542": Message(
        Text(
            "{node}: {cards} GPU(s) can't be divided among {count} replicas",
            "{node}：{cards} 张 GPU 不能平均分给 {count} 个副本",
        ),
        Text(
            "set appliance_replicas to a divisor of the number of GPUs",
            "请将 appliance_replicas 设为 GPU 数量的约数",
        ),
    ),
    "LLM543": Message(
        Text("the memory of {kind} is not known", "不知道 {kind} 的显存"),
        Text(
            "install the driver until `nvidia-smi` lists the cards, or add them to gpus in a folder of "
            "appliance_catalog_dirs",
            "请安装驱动，直到 `nvidia-smi` 列出显卡；或在 appliance_catalog_dirs 所列文件夹的 gpus 中添加该型号",
        ),
    ),
    "LLM544": Message(
        Text(
            "the context asked for, {context}, is longer than the model's own limit {most}",
            "请求的上下文 {context} 超过模型上限 {most}",
        ),
        Text("set appliance_context_length to at most {most}", "请将 appliance_context_length 设为至多 {most}"),
    ),
    "LLM545": Message(
        Text(
            "{gpu} can't keep an FP8 KV cache for this (sm_89+; sm_80+ with vLLM, without MLA and FP8 weights)",
            "{gpu} 在此不能使用 FP8 KV 缓存（sm_89+；sm_80+ 需 vLLM，且非 MLA、权重非 FP8）",
        ),
        Text("set appliance_kv_cache_dtype: auto", "请设置 appliance_kv_cache_dtype: auto"),
    ),
    "LLM546": Message(
        Text("KTransformers can't serve this here: {problem}", "KTransformers 在此无法运行：{problem}"),
        Text(
            "set appliance_engine: llamacpp with a smaller GGUF",
            "请设置 appliance_engine: llamacpp，并使用更小的 GGUF",
        ),
    ),
    "LLM547": Message(
        Text("the cache of {model_type} can't be sized token by token", "{model_type} 的缓存不能按词元计算"),
        Text(
            "set another appliance_model",
            "请更换 appliance_model",
        ),
    ),
    "LLM548": Message(
        Text(
            "{engine} needs a GGUF file, and the catalogue names none for this model",
            "{engine} 需要 GGUF，型号库中该模型没有 gguf",
        ),
        Text(
            "set appliance_engine: vllm, or add gguf to the model's entry",
            "请设置 appliance_engine: vllm，或在型号库中添加 gguf",
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
            "请设置 deepseek_infer_model（节点上的模型目录）与 deepseek_infer_source（控制机上的 inference 目录）；"
            "节点数 × deepseek_infer_cards 须能整除专家数",
        ),
    ),
    "LLM550": Message(
        Text("no model is named", "没有指定模型"),
        Text(
            "set quick_check_model to the model's folder on the node, for example /srv/models/OWNER/NAME",
            "请把 quick_check_model 设为节点上的模型目录，例如 /srv/models/OWNER/NAME",
        ),
    ),
    "LLM551": Message(
        Text("no image of {engine} runs on {device}{more}", "没有可在 {device}{more} 上运行的 {engine} 镜像"),
        Text(
            "take another engine (appliance_engine), or add an image to the catalogue",
            "请选择另一引擎（appliance_engine），或在型号库中添加镜像",
        ),
    ),
    "LLM553": Message(
        Text("{what} does not run on this machine: {lacks}", "{what} 无法在该节点上运行：{lacks}"),
        Text(
            "take a machine that has it (a virtual one: pass the host's CPU through), another engine "
            "(appliance_engine), or an image made for this one (appliance_images, with its own `host`)",
            "请换用满足要求的机器（虚拟机请透传宿主机 CPU）、更换引擎（appliance_engine），或使用适合该节点的镜像"
            "（appliance_images，并写明其 `host`）",
        ),
    ),
    "LLM558": Message(
        Text(
            "the nodes can't serve independently (appliance_independent_nodes): {problem}",
            "各节点无法独立运行（appliance_independent_nodes）：{problem}",
        ),
        Text("set appliance_independent_nodes: false", "请设置 appliance_independent_nodes: false"),
    ),
    "LLM560": Message(
        Text("vLLM {version} has no option for {name}", "vLLM {version} 没有 {name} 对应的选项"),
        Text(
            "choose another image in appliance_images, or leave the setting at its default",
            "请在 appliance_images 中选择其他镜像，或将该设置恢复为默认值",
        ),
    ),
    "LLM561": Message(
        Text("the plan can't be used: {what}", "方案不可用：{what}"),
        Text(
            "plan again: remove the plan's file in .plans beside the inventory and run site.yml",
            "请重新规划：删除清单旁 .plans 中的方案文件，然后运行 site.yml",
        ),
    ),
    "LLM591": Message(
        Text("the plan can't be exported to KServe: {what}", "方案无法导出到 KServe：{what}"),
        Text(
            "set appliance_engine: vllm and plan for one node (docs/export.md)",
            "请设置 appliance_engine: vllm，并按单个节点规划（docs/export.zh.md）",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "the plan lacks": Text("it lacks {name}", "缺少 {name}"),
    "beside_alone": Text(
        "appliance_beside is for one node, one replica and an engine in a container (vllm, sglang, lmdeploy)",
        "appliance_beside 只用于单节点、单副本的容器引擎（vllm、sglang、lmdeploy）",
    ),
    "beside_alone_remedy": Text(
        "take appliance_beside out, or make several deployments",
        "请去掉 appliance_beside，或分成多个部署",
    ),
    "beside_cards": Text(
        "{node}: {cards} GPU(s), of which appliance_beside takes {taken}: none is left for the first model",
        "{node}：{cards} 张 GPU，appliance_beside 要用 {taken} 张，主模型没有可用的卡",
    ),
    "beside_cards_remedy": Text("lower the cards in appliance_beside", "请减少 appliance_beside 的 cards"),
    "beside_entry": Text("an entry of appliance_beside is wrong: {said}", "appliance_beside 的一项不正确：{said}"),
    "beside_entry_remedy": Text("give each entry a model and cards (at least 1)", "每项请写 model 与 cards（至少 1）"),
    "beside_twice": Text("model {names} is named twice", "模型 {names} 出现两次"),
    "beside_twice_remedy": Text(
        "for copies of one model use appliance_replicas",
        "同一模型的多个副本请用 appliance_replicas",
    ),
    "catalog_bad_file": Text("{path}: {error}", "{path}：{error}"),
    "catalog_no_folder": Text("the folder {folder} does not exist", "文件夹 {folder} 不存在"),
    "catalog_no_mapping": Text("{path}: expected a mapping of names to mappings", "{path}：内容应为“名称 -> 字典”"),
    "config_absurd": Text("{key}={value} is implausibly large", "{key}={value} 过大"),
    "config_dense_layers": Text(
        "first_k_dense_replace is larger than the number of layers", "first_k_dense_replace 大于层数"
    ),
    "config_empty": Text("the file is empty or not a JSON object", "文件为空或不是 JSON 对象"),
    "config_experts": Text("more experts for each token than there are experts", "每词元专家数多于专家总数"),
    "config_heads": Text(
        "{heads} attention heads can't be shared by {kv_heads} KV heads",
        "注意力头 {heads} 不能被 KV 头 {kv_heads} 整除",
    ),
    "config_kind": Text("a value is of the wrong kind: {said}", "某个值的类型不对：{said}"),
    "config_missing": Text("{key} is missing", "缺少 {key}"),
    "config_no_number": Text("{key}={value!r} is not a whole number", "{key}={value!r} 不是非负整数"),
    "config_encoder": Text(
        "an encoder with a decoder (speech, translation), which answers no chat",
        "编码器-解码器结构（语音、翻译），不能对话",
    ),
    "config_no_type": Text("neither model_type nor architectures is set", "缺少 model_type 与 architectures"),
    "config_zero": Text("{key} is 0", "{key} 为 0"),
    "export_device": Text("no KServe preset for {device}", "KServe 没有适用于 {device} 的预设"),
    "export_engine": Text("KServe's presets run vLLM, not {engine}", "KServe 的预设只运行 vLLM，而非 {engine}"),
    "export_nodes": Text(
        "one engine spans {count} nodes, and KServe 0.20 has no preset for that",
        "一个引擎跨 {count} 个节点，KServe 0.20 没有对应的预设",
    ),
    "export_unlike": Text(
        "the nodes' engines differ, and one service has one command",
        "各节点的引擎参数不同，而一个服务只有一条命令",
    ),
    "independent_beside": Text("appliance_beside is for one node", "appliance_beside 只用于单个节点"),
    "independent_beside_remedy": Text(
        "take one of the two out, or make a deployment for each model",
        "请去掉二者之一，或为每个模型建一个部署",
    ),
    "independent_files": Text("{nodes} would take different GGUF files", "{nodes} 会选用不同的 GGUF 文件"),
    "independent_files_remedy": Text(
        "name one file for all in appliance_gguf", "请用 appliance_gguf 为全部节点指定同一文件"
    ),
    "independent_images": Text("{nodes} need different images: {images}", "{nodes} 需要不同的镜像：{images}"),
    "independent_images_remedy": Text("make a deployment for each kind of card", "请按显卡种类分成多个部署"),
    "independent_keyless": Text(
        "{engine} knows no key, and would answer whoever reaches the other nodes",
        "{engine} 不支持密钥，任何能访问其他节点的人都可调用",
    ),
    "independent_keyless_remedy": Text(
        "set another appliance_engine, or make a deployment for each node",
        "请更换 appliance_engine，或为每个节点建一个部署",
    ),
    "plan_fewer_requests": Text(
        "appliance_concurrency: {requests} (at {tokens} tokens a request)",
        "appliance_concurrency: {requests}（每个请求 {tokens} 词元）",
    ),
    "plan_fp8_cache": Text(
        "appliance_kv_cache_dtype: fp8 (halves the KV cache)",
        "appliance_kv_cache_dtype: fp8（KV 缓存减半）",
    ),
    "plan_fp8_weights": Text(
        "appliance_precision: fp8 (quantised while loading)",
        "appliance_precision: fp8（加载时量化）",
    ),
    "plan_from_card": Text(
        "use cards of compute capability {first} or newer",
        "改用计算能力 {first} 及以上的显卡",
    ),
    "plan_main_memory": Text(
        "{needed:.0f} GiB of main memory needed, {there:.0f} there",
        "需要 {needed:.0f} GiB 内存，只有 {there:.0f}",
    ),
    "plan_moe_only": Text("it serves mixture-of-experts models only", "只支持 MoE 模型"),
    "plan_longest": Text("longest context that would fit: {longest}", "单请求最长可用上下文 {longest}"),
    "plan_no_length": Text("no context fits, however short", "上下文再短也放不下"),
    "plan_more_cards": Text("use {nodes} node(s) with {cards} × {gpu} each", "改用 {nodes} 个节点 × {cards} 张 {gpu}"),
    "plan_native_precision": Text(
        "appliance_precision: native (the checkpoint itself is {form}, which fits)",
        "appliance_precision: native（检查点本身是 {form}，放得下）",
    ),
    "plan_on_llamacpp": Text(
        "appliance_engine: llamacpp (GGUF, some layers in main memory)",
        "appliance_engine: llamacpp（GGUF，部分层放内存）",
    ),
    "plan_one_card": Text("one GPU of {needed:.0f} GiB is needed", "需要一张 {needed:.0f} GiB 的 GPU"),
    "plan_other_checkpoint": Text(
        "appliance_precision: {name} (checkpoint {checkpoint})",
        "appliance_precision: {name}（检查点 {checkpoint}）",
    ),
    "plan_shorter_context": Text(
        "appliance_context_length: {context}, appliance_concurrency: {requests}",
        "appliance_context_length: {context}, appliance_concurrency: {requests}",
    ),
}
