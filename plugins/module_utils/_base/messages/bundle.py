# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 9: monitoring, the offline bundle, disk images, the first boot."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM902": Message(
        Text("{name}: {why}", "{name}：{why}"),
        Text("{how}", "{how}"),
    ),
    "LLM919": Message(
        Text("the node can't reach the controller at {url} ({said})", "节点无法访问控制机 {url}（{said}）"),
        Text(
            "open that port on the controller, or name the address by which the nodes see it in "
            "appliance_bundle_address",
            "请在控制机上放行该端口，或用 appliance_bundle_address 指定节点可达的控制机地址",
        ),
    ),
    "LLM926": Message(
        Text(
            "appliance_source is bundle, but appliance_bundle is empty",
            "appliance_source 为 bundle，但未设置 appliance_bundle",
        ),
        Text("set it to the bundle's folder on the controller", "请将其设为控制机上的离线包目录"),
    ),
    "LLM927": Message(
        Text(
            "appliance_modelscope_endpoint or appliance_image_archives is given with -e and leads past the bundle",
            "通过 -e 指定的 appliance_modelscope_endpoint 或 appliance_image_archives 会绕过离线包",
        ),
        Text("leave it out", "请去掉该参数"),
    ),
    "LLM950": Message(
        Text(
            "the build machine lacks something: Debian with root, the packages {packages} (missing: "
            "{missing}), and disk_image_bridge and disk_image_address (with its prefix) are needed",
            "构建机缺少必需条件：须为 Debian 且以 root 运行，需要软件包 {packages}（缺少：{missing}），并需要 "
            "disk_image_bridge 与 disk_image_address（含前缀长度）",
        ),
        Text("install what is missing and set both variables", "请安装缺少的软件包，并设置这两个变量"),
    ),
    "LLM958": Message(
        Text("left on the machine: {files}", "本机上仍有：{files}"),
        Text("run playbooks/seal.yml again", "请重新运行 playbooks/seal.yml"),
    ),
    "LLM959": Message(
        Text("its secrets, people, chats and keys will be gone", "该机的密钥、用户与对话将被清除"),
        Text("say so with -e seal_confirm={name}", "确认请加 -e seal_confirm={name}"),
    ),
    "LLM960": Message(
        Text(
            "a machine that sets itself up wants ansible-core {wanted} of its own; this release has {found}",
            "自行部署的机器需要 ansible-core {wanted}，本系统只有 {found}",
        ),
        Text("use Debian 13", "请使用 Debian 13"),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "no such alert": Text("there is no alert {value}", "没有告警 {value}"),
    "the alerts there are": Text("there are {names}", "可用：{names}"),
    "a threshold that is not a number": Text("{alert}: {value!r} is not a number", "{alert}：{value!r} 不是数字"),
    "how to write a threshold": Text("write a number without quotes", "请填写不带引号的数字"),
    "silence without a reason": Text("{value}: no reason is given", "{value}：未说明原因"),
    "how to give a reason": Text("say why in `reason`", "请在 reason 中说明原因"),
    "a value that cannot be used": Text("{value!r} cannot be used", "{value!r} 不可用"),
    "like this": Text("write it like this: {example}", "写法示例：{example}"),
    "a webhook that is no address": Text("it is not an address", "不是有效的地址"),
    "how to write a webhook": Text("write http:// or https://, a host and a path", "请写成 http(s)://主机/路径 的形式"),
}
