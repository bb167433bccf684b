# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 2: the driver."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM201": Message(
        Text("nouveau is not prevented from loading", "未禁用 nouveau"),
        Text("run site.yml again", "请重新运行 site.yml"),
    ),
    "LLM209": Message(
        Text(
            "the driver is too old for the image: {image} needs {wanted}, found {driver}",
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
    "LLM213": Message(
        Text("the module {name} does not load: {words}", "模块 {name} 无法加载：{words}"),
        Text(
            "look at `dmesg`: the card may be unseated, of another family than the driver's, or held by another driver",
            "请查看 `dmesg`：显卡可能未插好、不属于该驱动支持的系列，或被其他驱动占用",
        ),
    ),
    "LLM217": Message(
        Text("the node must be rebooted: {why}", "需要重启节点：{why}"),
        Text(
            "reboot it and run again, or allow it with nvidia_driver_reboot: allowed",
            "请重启后重新运行，或设置 nvidia_driver_reboot: allowed 允许自动重启",
        ),
    ),
    "LLM219": Message(
        Text(
            "the packages of this driver can't be installed together, so none was: {reason}",
            "该驱动的软件包无法一同安装，因此没有安装任何软件包：{reason}",
        ),
        Text(
            "set nvidia_driver_flavour: {other} if the cards allow it, or nvidia_driver_repository_url to a "
            "source that has the whole set",
            "如显卡允许，请设置 nvidia_driver_flavour: {other}；或将 nvidia_driver_repository_url 设为包含整套"
            "软件包的软件源",
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
    "LLM223": Message(
        Text("can't look into {path} of kernel {kernel}: {last}", "无法查看内核 {kernel} 的 {path}：{last}"),
        Text("repair or remove that file, then run again", "请修复或删除该文件后重新运行"),
    ),
    "LLM224": Message(
        Text(
            "Secure Boot: the kernel refused the module {name}, its key is not enrolled: {words}",
            "安全启动：内核拒绝了模块 {name}，其密钥未登记：{words}",
        ),
        Text(
            "enrol the key (`mokutil --import /var/lib/dkms/mok.pub`, reboot, Enroll MOK at the console), "
            "then run again",
            "请登记密钥（`mokutil --import /var/lib/dkms/mok.pub`，重启并在控制台选择 Enroll MOK）后重新运行",
        ),
    ),
    "LLM225": Message(
        Text("the driver's packages are not held", "驱动软件包未锁定版本"),
        Text("run site.yml again", "请重新运行 site.yml"),
    ),
    "LLM226": Message(
        Text(
            "the initramfs of kernel {kernel} could not be rebuilt correctly ({why}): {last}",
            "无法正确重建内核 {kernel} 的 initramfs（{why}）：{last}",
        ),
        Text(
            "check the space in /boot and the message, then run again; otherwise nouveau loads at the next boot",
            "请检查 /boot 的空间和上述信息后重新运行；否则下次启动仍会加载 nouveau",
        ),
    ),
    "LLM227": Message(
        Text("no unit {units} came with the driver's packages", "驱动软件包中缺少服务 {units}"),
        Text(
            "use a source that has them (nvidia_driver_repository_url)",
            "请换用包含它们的软件源（nvidia_driver_repository_url）",
        ),
    ),
    "LLM228": Message(
        Text(
            "building {name} {version} for kernel {kernel} did not end within {seconds:.0f} s",
            "为内核 {kernel} 构建 {name} {version} 在 {seconds:.0f} 秒内未完成",
        ),
        Text(
            "check what keeps the machine busy, or raise nvidia_driver_build_timeout",
            "请检查机器负载，或调大 nvidia_driver_build_timeout",
        ),
    ),
    "LLM229": Message(
        Text("the node was rebooted, but: {why}", "重启后仍然：{why}"),
        Text(
            "look at `dmesg` and at the boot loader's default kernel, then run again",
            "请查看 `dmesg` 与引导程序的默认内核后重新运行",
        ),
    ),
    "LLM230": Message(
        Text("no DKMS source {pattern} lies in {folder}", "{folder} 中没有 DKMS 源码 {pattern}"),
        Text(
            "reinstall the driver's packages: `ansible-playbook site.yml -i INVENTORY --tags nvidia_driver`",
            "请重新安装驱动软件包：`ansible-playbook site.yml -i 清单 --tags nvidia_driver`",
        ),
    ),
    "LLM231": Message(
        Text(
            "the source offers {leader} {found}, not branch {branch}",
            "软件源提供的 {leader} 为 {found}，不是分支 {branch}",
        ),
        Text(
            "set nvidia_driver_branch to what the source offers, or use another source",
            "请将 nvidia_driver_branch 设为软件源提供的分支，或换用其他软件源",
        ),
    ),
    "LLM232": Message(
        Text(
            "no headers or driver modules for a kernel of this node, nothing was installed: {reason}",
            "没有适用于该节点某个内核的头文件或驱动模块，未安装任何软件包：{reason}",
        ),
        Text(
            "upgrade to a kernel for which the repository has them and reboot, remove the old kernel, or name "
            "the kernels to build for in nvidia_driver_kernels",
            "请升级到软件源支持的内核并重启，或删除旧内核，或在 nvidia_driver_kernels 中指定内核",
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
        Text("the driver was not installed, for the reason that follows", "驱动未安装，原因如下"),
        Text(
            "correct what it names and run again; {count} packages of this run were removed again",
            "请按其内容改正后重新运行；本次安装的 {count} 个软件包已回滚",
        ),
    ),
    "LLM236": Message(
        Text(
            "removing the driver would also remove {listed}, which others installed",
            "卸载驱动会同时删除他人安装的 {listed}",
        ),
        Text("remove those first, then run again", "请先卸载它们，再重新运行"),
    ),
    "LLM202": Message(
        Text(
            "Secure Boot would refuse the driver's modules: {why}",
            "安全启动会拒绝驱动模块：{why}",
        ),
        Text(
            "enrol the key that signs modules built here: `mokutil --import` as docs/driver.md says, then restart "
            "and confirm at the node's console",
            "请登记用于签名该节点模块的密钥：按 docs/driver.zh.md 执行 `mokutil --import`，重启后在控制台确认",
        ),
    ),
    "LLM565": Message(
        Text(
            "the driver's module {name} {version} can't be built for kernel {kernel}: {line}",
            "无法为内核 {kernel} 构建驱动模块 {name} {version}：{line}",
        ),
        Text(
            "choose the other kind of module (nvidia_driver_flavour) if the cards allow it, a driver that knows "
            "this kernel (nvidia_driver_branch, nvidia_driver_repository_url), or an older kernel "
            "(nvidia_driver_kernels)",
            "如显卡允许，请换用另一类模块（nvidia_driver_flavour）；或换用支持该内核的驱动（nvidia_driver_branch、"
            "nvidia_driver_repository_url）；或换用较旧的内核（nvidia_driver_kernels）",
        ),
    ),
    "LLM205": Message(
        Text(
            "this kind of kernel module does not drive the cards: {why}",
            "该类型的内核模块不支持这些显卡：{why}",
        ),
        Text(
            "leave nvidia_driver_flavour at auto",
            "请将 nvidia_driver_flavour 保持为 auto",
        ),
    ),
    "LLM566": Message(
        Text(
            "the fabric manager is not available: {why}",
            "无法获取 Fabric Manager：{why}",
        ),
        Text(
            "set nvidia_driver_repository_url to NVIDIA's repository, a mirror of it or an offline bundle",
            "请将 nvidia_driver_repository_url 设为 NVIDIA 软件源、其镜像或离线包",
        ),
    ),
    "LLM207": Message(
        Text(
            "the driver would be {driver}, but {listed}: they must be equal",
            "驱动将为 {driver}，而 {listed}：版本必须一致",
        ),
        Text(
            "use a package source that has all of them in one version (`apt-cache policy` or "
            "`dnf list --showduplicates` shows it)",
            "请使用包含全部同版本软件包的软件源（可用 `apt-cache policy` 或 `dnf list --showduplicates` 查看）",
        ),
    ),
    "LLM218": Message(
        Text(
            "no driver can be chosen: {why}",
            "无法选定驱动：{why}",
        ),
        Text(
            "set nvidia_driver_repository_url to a source that has a suitable driver, or "
            "install it yourself and set nvidia_driver_install: false",
            "请将 nvidia_driver_repository_url 设为含适用驱动的软件源；或自行安装驱动"
            "并设置 nvidia_driver_install: false",
        ),
    ),
    "LLM221": Message(
        Text(
            "the driver's support has ended: {why}",
            "驱动已停止支持：{why}",
        ),
        Text(
            "name the branch in nvidia_driver_branch to use it anyway",
            "如仍要使用，请在 nvidia_driver_branch 中指定该分支",
        ),
    ),
    "LLM238": Message(
        Text(
            "there is a driver that is not from packages: {why}",
            "已有并非来自软件包的驱动：{why}",
        ),
        Text(
            "keep it with nvidia_driver_install: false, or remove it with `nvidia-uninstall` and run again",
            "如需保留，请设置 nvidia_driver_install: false；或用 `nvidia-uninstall` 卸载后重新运行",
        ),
    ),
    "LLM239": Message(
        Text(
            "no module can be built for the running kernel: {why}",
            "无法为正在运行的内核构建模块：{why}",
        ),
        Text(
            "reboot into an installed kernel, or name the kernels to build for in nvidia_driver_kernels",
            "请重启进入已安装的内核，或在 nvidia_driver_kernels 中指定要构建的内核",
        ),
    ),
    "LLM240": Message(
        Text(
            "the driver would be {driver}, but {listed}: its packages must have one version",
            "驱动将为 {driver}，而 {listed}：驱动软件包的版本必须一致",
        ),
        Text(
            "use a package source that has all of them in one version (`apt-cache policy` or "
            "`dnf list --showduplicates` shows it)",
            "请使用包含全部同版本软件包的软件源（可用 `apt-cache policy` 或 `dnf list --showduplicates` 查看）",
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
    "engine_image": Text("the engine's image", "引擎镜像"),
    "offered for these cards": Text(
        "what the chosen source offers for these cards: {listed}", "所选软件源对这些显卡只有 {listed}"
    ),
    "an older image": Text(
        "choose an older image with appliance_images (appliance_rules_ignore silences LLM209)",
        "请用 appliance_images 选择较旧的镜像（可用 appliance_rules_ignore 忽略 LLM209）",
    ),
    "the driver's source": Text(
        "set nvidia_driver_repository_url to NVIDIA's repository, a mirror of it or an offline bundle",
        "请将 nvidia_driver_repository_url 设为 NVIDIA 软件源、其镜像或离线包",
    ),
}
