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
            "give shorter ones, each of {least} tokens at least; a prompt of 0 takes what the answer leaves",
            "请缩短，且各不少于 {least} 词元；输入写 0 表示取回答之外的全部长度",
        ),
    ),
    "LLM851": Message(
        Text(
            "the load generator {program} ended with status {code} in step {step}",
            "压测工具 {program} 在步骤 {step} 中以状态 {code} 结束",
        ),
        Text(
            "read its last lines below, then run playbooks/acceptance.yml again: measured steps are kept",
            "请查看下方的最后输出，然后重新运行 playbooks/acceptance.yml：已测步骤会保留",
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
            "give the report of these machines, or make a new one by playbooks/acceptance.yml",
            "请提供这些设备的报告，或用 playbooks/acceptance.yml 重新验收",
        ),
    ),
    "LLM856": Message(
        Text("the load generator is not to be had: {detail}", "无法安装压测工具：{detail}"),
        Text(
            "give a folder with its wheels by acceptance_wheels_dir, or a Python of 3.11 or newer by acceptance_python",
            "请用 acceptance_wheels_dir 指定其 wheel 所在目录，或用 acceptance_python 指定 3.11 以上的 Python",
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
    "how to write numbers at once": Text("a list of whole numbers, each 1 or more", "应为整数列表，每个不小于 1"),
    "how to raise a team's limits": Text(
        "more requests at once are asked than the gateway lets one team ask: raise gateway_concurrency, or name "
        "fewer in acceptance_at_once",
        "并发数超过网关对单个团队的限制：请调大 gateway_concurrency，或在 acceptance_at_once 中减小",
    ),
}
