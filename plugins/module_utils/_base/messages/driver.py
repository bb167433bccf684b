# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 2: the driver."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM201": Message(
        Text("nouveau is not kept from loading", "未禁用 nouveau"),
        Text("run site.yml again", "请重新运行 site.yml"),
    ),
    "LLM209": Message(
        Text(
            "the driver is too old for the image: {image} wants {wanted}, there is {driver}",
            "驱动对镜像来说太旧：{image} 需要 {wanted}，现为 {driver}",
        ),
        Text(
            "install a newer driver (nvidia_driver_repository_url names a source), or pin an older image with "
            "appliance_images",
            "请升级驱动（可用 nvidia_driver_repository_url 指定软件源），或用 appliance_images 固定较旧的镜像",
        ),
    ),
    "LLM211": Message(
        Text("the IOMMU translates between the cards; transfers may hang", "IOMMU 在显卡之间做地址转换，传输可能卡住"),
        Text(
            "set host_tuning_iommu: passthrough (iommu=pt from the next reboot), or switch the IOMMU off in "
            "the firmware",
            "请设置 host_tuning_iommu: passthrough（重启后生效），或在 BIOS 中关闭 IOMMU",
        ),
    ),
    "LLM217": Message(
        Text("the node must be rebooted: {why}", "需要重启节点：{why}"),
        Text(
            "reboot it and run again, or allow it with nvidia_driver_reboot: allowed",
            "请重启后重新运行，或设置 nvidia_driver_reboot: allowed 允许自动重启",
        ),
    ),
    "LLM222": Message(
        Text("the driver's repository cannot be used: {why}", "驱动软件源不可用：{why}"),
        Text(
            "give its address (http://, https:// or file:///) in nvidia_driver_repository_url and its public "
            "key, as armoured text, in nvidia_driver_repository_key, or set nvidia_driver_repository_trusted: "
            "true",
            "请在 nvidia_driver_repository_url 中填写地址（http://、https:// 或 file:///），在 "
            "nvidia_driver_repository_key 中填写公钥文本，或设置 nvidia_driver_repository_trusted: true",
        ),
    ),
    "LLM225": Message(
        Text("the driver's packages are not held", "驱动软件包未锁定版本"),
        Text("run site.yml again", "请重新运行 site.yml"),
    ),
    "LLM227": Message(
        Text("no unit {units} came with the driver's packages", "驱动软件包中缺少服务 {units}"),
        Text(
            "use a source that has them (nvidia_driver_repository_url)",
            "请换用包含它们的软件源（nvidia_driver_repository_url）",
        ),
    ),
    "LLM229": Message(
        Text("the node was rebooted, and still: {why}", "重启后仍然：{why}"),
        Text(
            "look at `dmesg` and at the boot loader's default kernel, then run again",
            "请查看 `dmesg` 与引导程序的默认内核后重新运行",
        ),
    ),
    "LLM233": Message(
        Text("packages of the driver are missing", "缺少驱动软件包"),
        Text("run site.yml again", "请重新运行 site.yml"),
    ),
    "LLM234": Message(
        Text("a kernel has no module of the driver", "有内核没有驱动模块"),
        Text("run site.yml again", "请重新运行 site.yml"),
    ),
    "LLM235": Message(
        Text("the driver was not installed; what follows says why", "驱动未安装，原因如下"),
        Text(
            "correct what it names and run again; {count} packages of this run were removed again",
            "请按其内容改正后重新运行；本次安装的 {count} 个软件包已撤回",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "a repository without a key": Text(
        "nvidia_driver_repository_key holds no key for {url}",
        "nvidia_driver_repository_key 中没有 {url} 的密钥",
    ),
    "a repository without an address": Text("{url!r} is not an address", "{url!r} 不是有效的地址"),
}
