# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the acceptance: what is measured, and reports that are judged."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM850": Message(
        Text(
            "acceptance_lengths: a prompt of {prompt} and an answer of {answer} tokens do not fit into {room} "
            "(the model takes {longest})",
            "acceptance_lengths：输入 {prompt} 词元加回答 {answer} 词元放不进 {room}（模型最长 {longest}）",
        ),
        Text(
            "set shorter acceptance_lengths, each of {least} tokens at least; a prompt of 0 takes what the answer "
            "leaves",
            "请缩短 acceptance_lengths，且各不少于 {least} 词元；输入写 0 表示取回答之外的全部长度",
        ),
    ),
    "LLM851": Message(
        Text(
            "the load generator {program} ended with status {code} in step {step}",
            "压测工具 {program} 在步骤 {step} 中以状态 {code} 结束",
        ),
        Text(
            "read its last lines below, then run yitiji.deepseek.acceptance again: measured steps are kept",
            "请查看下方的最后输出，然后重新运行 yitiji.deepseek.acceptance：已测步骤会保留",
        ),
    ),
    "LLM852": Message(
        Text(
            "the acceptance took longer than {seconds} s: {done} of {steps} steps are measured",
            "验收超过 {seconds} 秒：共 {steps} 步，已测 {done} 步",
        ),
        Text(
            "set acceptance_timeout higher, or acceptance_rounds or acceptance_lengths lower, then run it again: "
            "measured steps are kept",
            "请调大 acceptance_timeout，或减小 acceptance_rounds、acceptance_lengths，然后重新运行：已测步骤会保留",
        ),
    ),
    "LLM853": Message(
        Text("{name}: an acceptance can't be made with {value!r}", "{name}：取值 {value!r} 无法用于验收"),
        Text("{how}", "{how}"),
    ),
    "LLM854": Message(
        Text("{path}: {why}", "{path}：{why}"),
        Text(
            "ask the vendor for the report again, and compare the key's fingerprint with them: {own}",
            "请向交付方重新索取报告，并与其核对密钥指纹：{own}",
        ),
    ),
    "LLM855": Message(
        Text(
            "{path} is the report of other machines: {hosts} differ in serial number, machine id or cards",
            "{path} 是其他设备的报告：{hosts} 的序列号、机器标识或加速卡不符",
        ),
        Text(
            "give the report of these machines, or make a new one by yitiji.deepseek.acceptance",
            "请提供这些设备的报告，或用 yitiji.deepseek.acceptance 重新验收",
        ),
    ),
    "LLM856": Message(
        Text("the load generator is not to be had: {detail}", "无法安装压测工具：{detail}"),
        Text(
            "give a folder with its wheels by acceptance_wheels_dir, or a Python of 3.11 or newer by acceptance_python",
            "请用 acceptance_wheels_dir 指定其 wheel 所在目录，或用 acceptance_python 指定 3.11 以上的 Python",
        ),
    ),
    "LLM857": Message(
        Text("{requests} requests of others run on {node}", "{node} 上有其他用户的 {requests} 个请求正在运行"),
        Text(
            "measure while nobody uses the appliance (has an acceptance that was killed ended?), or set "
            "acceptance_allow_busy: the report then says so",
            "请在无人使用时验收（也请确认被中断的验收已结束），或设置 acceptance_allow_busy，报告会注明",
        ),
    ),
    "LLM858": Message(
        Text(
            "{failed} of {requests} requests of the soak failed{errors}",
            "长稳测试的 {requests} 个请求中 {failed} 个失败{errors}",
        ),
        Text(
            "look at the engine's log at that time (`journalctl -u 'yitiji-*'`), and at the gateway's limits",
            "请查看该时段的引擎日志（`journalctl -u 'yitiji-*'`），并检查网关限制",
        ),
    ),
    "LLM859": Message(
        Text(
            "the median request took {before} ms at the beginning of the soak, {after} ms at its end",
            "长稳测试开始时请求时长中位数为 {before} 毫秒，结束时为 {after} 毫秒",
        ),
        Text(
            "compare the slices with the cards' temperature and clocks (`nvidia-smi -q`), and look for other programs",
            "请对照各时段的显卡温度与频率（`nvidia-smi -q`），并检查是否有其他程序",
        ),
    ),
    "LLM860": Message(
        Text(
            "{node}: {before} GiB of memory in use at the beginning of the soak, {after} GiB at its end",
            "{node}：长稳测试开始时内存占用 {before} GiB，结束时 {after} GiB",
        ),
        Text(
            "soak for longer (acceptance_soak_minutes) to see whether it goes on; if it does, another version of the "
            "engine is needed",
            "请延长测试（acceptance_soak_minutes），确认是否持续增长；若是，请更换引擎版本",
        ),
    ),
    "LLM861": Message(
        Text(
            "{node}: engines started {starts} times during the soak",
            "{node}：长稳测试期间引擎启动了 {starts} 次",
        ),
        Text(
            "read why in the engine's log, and by yitiji.deepseek.doctor",
            "请查看引擎日志，并运行 yitiji.deepseek.doctor",
        ),
    ),
    "LLM862": Message(
        Text(
            "{card}: at most {degrees} °C, slowed down by {reasons}",
            "{card}：最高 {degrees} °C，降频原因：{reasons}",
        ),
        Text(
            "thermal: clean filters, check fans and the room's cooling; power brake: check the power supplies; "
            "`nvidia-smi -q` shows both",
            "温度原因：请清洁滤网，检查风扇与机房制冷；供电原因：请检查电源；`nvidia-smi -q` 可查看",
        ),
    ),
    "LLM863": Message(
        Text(
            "{card}: {errors} uncorrectable memory errors or Xid faults during the soak",
            "{card}：长稳测试期间出现 {errors} 次不可纠正的显存错误或 Xid 故障",
        ),
        Text(
            "look the Xid up in NVIDIA's table (dmesg); have the card replaced if it comes again after a reboot",
            "请在 NVIDIA 的 Xid 表中查询（dmesg）；重启后若再次出现，请更换显卡",
        ),
    ),
    "LLM864": Message(
        Text(
            "{card}: PCIe {link} of {rated} under load, {replays} replays",
            "{card}：负载下 PCIe 为 {link}（额定 {rated}），重传 {replays} 次",
        ),
        Text(
            "seat the card and its riser anew, use a slot of full width, and look at the firmware's PCIe settings "
            "(`lspci -vv`)",
            "请重新插接显卡与转接卡，改用全宽插槽，并检查固件中的 PCIe 设置（`lspci -vv`）",
        ),
    ),
    "LLM865": Message(
        Text(
            "{node}: a CPU quota held the engine back in {percent} % of its periods",
            "{node}：CPU 配额在 {percent}% 的周期内限制了引擎",
        ),
        Text(
            "take the quota away (CPUQuota of its unit or slice, --cpus of its container, a virtual machine's limit)",
            "请取消配额（单元或 slice 的 CPUQuota、容器的 --cpus、虚拟机的限额）",
        ),
    ),
    "LLM866": Message(
        Text(
            "{node}: {percent} % of its TCP segments were sent again",
            "{node}：{percent}% 的 TCP 报文被重传",
        ),
        Text(
            "packets are lost: check cables, transceivers and switch ports (`ethtool -S`), and the MTU on both sides",
            "存在丢包：请检查网线、光模块与交换机端口（`ethtool -S`）以及两端的 MTU",
        ),
    ),
    "LLM867": Message(
        Text(
            "restarted under {at_once} requests at once, the engines answered after {seconds} s; {lost} requests "
            "failed meanwhile",
            "在 {at_once} 个并发请求下重启引擎，{seconds} 秒后恢复应答，其间 {lost} 个请求失败",
        ),
        Text(
            "see where the start's time goes in `journalctl -u 'yitiji-*'`; weights load fastest from NVMe",
            "请在 `journalctl -u 'yitiji-*'` 中查看启动耗时；权重放在 NVMe 上加载最快",
        ),
    ),
    "LLM868": Message(
        Text("{node}: {what}: {measured}, expected {stated}", "{node}：{what}：{measured}，预期 {stated}"),
        Text(
            "disk: weights on NVMe of full PCIe width (`lspci -vv`), nothing else that reads; memory: modules in every "
            "channel; "
            "cards: LLM862 and LLM864; network: LLM866; all of them: no quota (LLM865), no other program",
            "磁盘：权重放在全宽 PCIe 的 NVMe 上（`lspci -vv`），且无其他读取；内存：各通道均插有内存条；"
            "显卡：见 LLM862、LLM864；网络：见 LLM866；"
            "另请确认没有配额（LLM865）和其他程序",
        ),
    ),
    "LLM870": Message(
        Text("what makes the report's PDF is not to be had: {detail}", "无法安装生成 PDF 的工具：{detail}"),
        Text(
            "give a folder with its wheels by acceptance_wheels_dir, or do without PDFs by acceptance_pdf: false",
            "请用 acceptance_wheels_dir 指定其 wheel 所在目录，或设 acceptance_pdf: false（不生成 PDF）",
        ),
    ),
    "LLM871": Message(
        Text("{python} made no PDF of the report: {detail}", "{python} 未能生成报告的 PDF：{detail}"),
        Text(
            "remove the folder pdf in acceptance_tools_dir and run it again, or set acceptance_pdf: false",
            "请删除 acceptance_tools_dir 中的 pdf 目录后重新运行，或设 acceptance_pdf: false",
        ),
    ),
}

PHRASES: Dict[str, Text] = {
    "the report was changed": Text(
        "it and its signature do not belong together, so it was changed or is not whole",
        "报告与签名不符，内容已被改动或不完整",
    ),
    "another signer": Text("it is signed by another key", "由其他密钥签名"),
    "no part of the report": Text("no signature covers this file", "该文件不在签名范围内"),
    "no signer named": Text(
        "whose signature counts is not said: give the vendor's public key by acceptance_signer",
        "未说明以谁的签名为准：请用 acceptance_signer 给出交付方公钥",
    ),
    "not a report": Text("it is no report of an acceptance", "不是验收报告"),
    "how to write rounds": Text("a whole number of 1 or more", "应为不小于 1 的整数"),
    "how to give a tokenizer": Text(
        "give a folder with tokenizer.json and config.json, from the repository that its GGUF files were made of",
        "请指定含 tokenizer.json 与 config.json 的目录，可取自转换出 GGUF 的原始模型仓库",
    ),
    "how to write minutes": Text("a whole number of minutes, 0 for no soak", "应为分钟整数，0 表示不做长稳测试"),
    "how to write numbers at once": Text("a list of whole numbers, each 1 or more", "应为整数列表，每个不小于 1"),
    "how to raise a team's limits": Text(
        "more requests at once are asked than the gateway lets one team ask: raise gateway_concurrency, or name "
        "fewer in acceptance_at_once",
        "并发数超过网关对单个团队的限制：请调大 gateway_concurrency，或在 acceptance_at_once 中减小",
    ),
}
