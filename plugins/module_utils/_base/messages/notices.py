# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundreds 4 and 5 that do not stop a plan: it is made, and says what to beware of."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM187": Message(
        Text(
            "no engine runs on {names}: this plan needs {used} alone",
            "{names} 上不运行任何引擎：本方案只需要 {used}",
        ),
        Text(
            "set appliance_independent_nodes: true, so that each node serves by itself; or make a group of its own "
            "below `appliances` for it, which is a second appliance; or ask for more than one node holds (a larger "
            "appliance_model, appliance_context_length or appliance_concurrency); or take it off the list",
            "请设置 appliance_independent_nodes: true，使各节点独立运行；或在 `appliances` 下为其另建一个组，"
            "即第二套设备；或提出单个节点无法满足的需求（更大的 appliance_model、appliance_context_length 或 "
            "appliance_concurrency）；或将其移出清单",
        ),
    ),
    "LLM188": Message(
        Text(
            "no engine runs on {names}: appliance_replicas and appliance_beside divide the cards of {used} alone",
            "{names} 上不运行任何引擎：appliance_replicas 与 appliance_beside 只划分 {used} 的显卡",
        ),
        Text(
            "set appliance_independent_nodes: true, so that every node has its copies; or appliance_replicas: 0 "
            "without appliance_beside, so that the engine's replicas use all nodes; or make a group of its own below "
            "`appliances` for it; or take it off the list",
            "请设置 appliance_independent_nodes: true，使每个节点都有副本；或设置 appliance_replicas: 0 并去掉 "
            "appliance_beside，由引擎自身的副本使用全部节点；"
            "或在 `appliances` 下为其另建一个组；或将其移出清单",
        ),
    ),
    "LLM189": Message(
        Text(
            "{names} had a part of the last plan and is no longer listed; what was installed there goes on running",
            "{names} 属于上一次的方案，现已不在清单中；其上安装的内容仍在运行",
        ),
        Text(
            "list it once more and run `ansible-playbook yitiji.deepseek.uninstall -i INVENTORY --limit {limit}`, "
            "then take it out",
            "请将其重新列入清单，执行 `ansible-playbook yitiji.deepseek.uninstall -i 清单 --limit {limit}`，然后再移出",
        ),
    ),
    "LLM194": Message(
        Text(
            "the head was {old} and is now {new}: users, keys and the certificate stay on {old}",
            "首节点由 {old} 变为 {new}：用户、密钥与证书仍在 {old} 上",
        ),
        Text(
            "list {old} first, if nothing was to change; or bring its backup along (backup_file_on, docs/backup.md)",
            "若无意更换，请把 {old} 列在第一位；否则请带上其备份（backup_file_on，见 docs/backup.zh.md）",
        ),
    ),
    "LLM405": Message(
        Text("no RDMA between the nodes: the pipeline works, but slower", "节点间没有 RDMA：流水线可用，但较慢"),
        Text(
            "connect the nodes by InfiniBand or RoCE (`ibv_devices` lists what is there), or use fewer nodes "
            "with more cards",
            "请用 InfiniBand 或 RoCE 连接节点（`ibv_devices` 可列出设备），或改用卡数更多的较少节点",
        ),
    ),
    "LLM506": Message(
        Text(
            "something else holds GPU memory; utilization is lowered to {utilization}",
            "GPU 上已有其他程序占用显存，利用率降到 {utilization}",
        ),
        Text(
            "stop what `nvidia-smi` lists on the cards, then run site.yml again: it plans anew",
            "请停止 `nvidia-smi` 中列出的程序，然后重新运行 site.yml：会重新规划",
        ),
    ),
    "LLM516": Message(
        Text("{gpu}: planned from its data sheet, not verified", "{gpu}：按数据手册规划，未经验证"),
        Text(
            "try one node first, then keep its calibration (tasks_from: calibrate of role appliance)",
            "请先在一台上试运行，再保存校准（角色 appliance 的 tasks_from: calibrate）",
        ),
    ),
    "LLM517": Message(
        Text("{idle} GPU(s) stay unused: no layout can use them", "{idle} 张 GPU 未使用（布局不允许）"),
        Text(
            "use another number of cards, or serve another model on the rest (appliance_beside)",
            "请换用其他卡数，或用剩余的卡运行别的模型（appliance_beside）",
        ),
    ),
    "LLM518": Message(
        Text("memory of {engine} is estimated by vLLM's formula", "{engine} 的内存按 vLLM 的公式估算"),
        Text(
            "leave room (a smaller appliance_concurrency), and compare with the engine's log after its start "
            "(tasks_from: calibrate)",
            "请预留余量（减小 appliance_concurrency），并在启动后与引擎日志对比（tasks_from: calibrate）",
        ),
    ),
    "LLM519": Message(
        Text("the KV cache is only just larger than the wish", "KV 缓存仅略大于需求"),
        Text(
            "lower appliance_concurrency or appliance_context_length a little",
            "请略微减小 appliance_concurrency 或 appliance_context_length",
        ),
    ),
    "LLM527": Message(
        Text("image {image} is not pinned by digest", "镜像 {image} 未固定摘要"),
        Text(
            "site.yml writes its digest to the lock beside the inventory, and so does `ansible-playbook "
            "yitiji.deepseek.lock -i INVENTORY` (docs/lock.md); or pin it by appliance_images: {{NAME: {{digest: …}}}}",
            "site.yml 会把摘要写入清单旁的锁定文件，也可执行 `ansible-playbook yitiji.deepseek.lock -i 清单`"
            "（docs/lock.zh.md）；或用 appliance_images: {{NAME: {{digest: …}}}} 固定",
        ),
    ),
    "LLM535": Message(
        Text(
            "{unit}: KV cache: {planned} tokens planned, {measured:.0f} measured ({share:+.0%})",
            "{unit}：KV 缓存：规划 {planned} 词元，实测 {measured:.0f}（{share:+.0%}）",
        ),
        Text(
            "look with `nvidia-smi` for other programs on the cards; the next plan uses what was measured",
            "请用 `nvidia-smi` 检查显卡上是否有其他程序；下次规划会采用实测值",
        ),
    ),
    "LLM537": Message(
        Text(
            "only {on_cards} of {layers} layers lie on GPUs: main memory sets the pace",
            "只有 {on_cards}/{layers} 层在 GPU 上：速度受内存带宽限制",
        ),
        Text(
            "add cards, set a smaller appliance_gguf, or accept the pace",
            "请增加 GPU、设置更小的 appliance_gguf，或接受该速度",
        ),
    ),
    "LLM540": Message(
        Text(
            "{engine} is experimental: its arguments were checked, but nobody has seen it start",
            "{engine} 为实验性支持：参数经过检查，但从未见到它启动",
        ),
        Text(
            "expect to adjust things at the first start, or set appliance_engine: vllm, llamacpp or ollama",
            "首次启动时可能需要调整；或设置 appliance_engine 为 vllm、llamacpp 或 ollama",
        ),
    ),
    "LLM562": Message(
        Text(
            "TP {tensor} exceeds {heads} KV heads: the cache holds copies",
            "TP {tensor} 大于 KV 头数 {heads}：KV 缓存有重复",
        ),
        Text(
            "for more room, run several engines with fewer cards each (appliance_replicas)",
            "如需更多缓存，请用每个卡数更少的多个引擎（appliance_replicas）",
        ),
    ),
    "LLM563": Message(
        Text(
            "{gpu} is not in the catalogue: only the driver's figures are used",
            "型号库中没有 {gpu}：只用驱动报告的数值",
        ),
        Text(
            "add the card to gpus in a folder of appliance_catalog_dirs",
            "请在 appliance_catalog_dirs 所列文件夹的 gpus 中添加该型号",
        ),
    ),
    "LLM567": Message(
        Text(
            "{where} lists no sha256 for {count} files, such as {example}: they are taken as they are",
            "{where} 未列出 {count} 个文件的 sha256（例如 {example}）：将按原样使用",
        ),
        Text(
            "take them from a source that lists one (appliance_source), or compare them by hand with `sha256sum`",
            "请改用提供 sha256 的来源（appliance_source），或用 `sha256sum` 手工核对",
        ),
    ),
    "LLM568": Message(
        Text(
            "layers of {model_type} keep different caches: tokens are those of requests of {context} tokens, and "
            "{more} GiB more are kept back on each card",
            "{model_type} 各层的缓存不同：词元数按每个请求 {context} 个计算，每卡另留 {more} GiB",
        ),
        Text(
            "compare with the engine's own line after the start (tasks_from: calibrate)",
            "启动后请与引擎日志对比（tasks_from: calibrate）",
        ),
    ),
    "LLM569": Message(
        Text(
            "the model takes images: what they need at start is known to about 2 GiB, and {more} GiB more are kept "
            "back on each card",
            "该模型接受图像：启动时图像所需显存只知道到约 2 GiB，每卡另留 {more} GiB",
        ),
        Text(
            "compare with the engine's own line after the start (tasks_from: calibrate)",
            "启动后请与引擎日志对比（tasks_from: calibrate）",
        ),
    ),
    "LLM570": Message(
        Text(
            "model_type {model_type!r} is unknown: planned as the plain shape that its numbers say, {more} GiB more "
            "are kept back on each card",
            "未知的 model_type {model_type!r}：按其数值所示的普通结构规划，每卡另留 {more} GiB",
        ),
        Text(
            "check that the engine's version knows the model, and compare with its log after the start (tasks_from: "
            "calibrate)",
            "请确认引擎版本支持该模型，并在启动后与引擎日志对比（tasks_from: calibrate）",
        ),
    ),
    "LLM571": Message(
        Text(
            "{gpu} computes {form} weights in 16 bit: they take less room, and no less time",
            "{gpu} 以 16 位计算 {form} 权重：省显存，不省时间",
        ),
        Text(
            "nothing to do; a card that computes in this format answers faster",
            "无需处理；原生支持该格式的卡回答更快",
        ),
    ),
    "LLM572": Message(
        Text(
            "the nodes have unequally many cards ({cards}): {used} are used, {idle} stay idle",
            "各节点卡数不等（{cards}）：使用 {used} 张，闲置 {idle} 张",
        ),
        Text(
            "give every node equally many cards, or run another deployment on the idle ones (a group of its own "
            "in hosts.yml)",
            "请使各节点卡数相同，或用闲置的卡运行另一个部署（在 hosts.yml 中另建一组）",
        ),
    ),
    "LLM573": Message(
        Text(
            "whole experts on each of {tensor} cards (expert parallel): their parts can't be divided by as many",
            "{tensor} 张卡各放完整的专家（专家并行）：专家内部无法按此数切分",
        ),
        Text(
            "nothing to do; a number of cards that divides the experts' parts evens out the load",
            "无需处理；能整除专家内部维度的卡数负载更均衡",
        ),
    ),
    "LLM574": Message(
        Text(
            "{context} cards share one cache (decode context parallel): each token costs an exchange between them",
            "{context} 张卡共用一份缓存（解码上下文并行）：每个词元多一次卡间通信",
        ),
        Text(
            "lower appliance_context_length or appliance_concurrency if answers are too slow",
            "如回答过慢，请减小 appliance_context_length 或 appliance_concurrency",
        ),
    ),
    "LLM582": Message(
        Text(
            "the plan uses {way} ({layout}), of which no start was seen here",
            "方案采用 {way}（{layout}），本项目未实测过此类启动",
        ),
        Text(
            "if it does not start, or answers are too slow: appliance_without: [{way}]",
            "如无法启动或过慢，可设置 appliance_without: [{way}]",
        ),
    ),
    "LLM564": Message(
        Text("{gpu} has no bfloat16: it runs float16", "{gpu} 没有 bfloat16，用 float16 运行"),
        Text(
            "compare a few answers with the model's own; set appliance_precision: fp16 to say that this is meant",
            "请对比几个回答的质量；如确认如此，可设置 appliance_precision: fp16",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {}
