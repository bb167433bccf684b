# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 9: monitoring, the offline bundle, disk images, the first boot."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM901": Message(
        Text(
            "Prometheus does not reach within {seconds} s: {missing}", "Prometheus 在 {seconds} 秒内未采集到：{missing}"
        ),
        Text(
            "look at `journalctl -u 'yitiji-*'` on the node of each target",
            "请在各目标所在节点上查看 `journalctl -u 'yitiji-*'`",
        ),
    ),
    "LLM902": Message(
        Text("{name}: {why}", "{name}：{why}"),
        Text("{how}", "{how}"),
    ),
    "LLM910": Message(
        Text("these licences have not been accepted: {parts}", "尚未接受以下许可：{parts}"),
        Text(
            "read them and set bundle_licences: [{missing}]; nothing was fetched",
            "请阅读后设置 bundle_licences: [{missing}]；尚未下载任何内容",
        ),
    ),
    "LLM912": Message(
        Text(
            "the packages {names} (of {role}) are not available for {target}: {why}",
            "无法为 {target} 获取 {role} 所需的软件包 {names}：{why}",
        ),
        Text(
            "check the way to the package sources; for a vendor's repository set the role's *_repository_url to a "
            "mirror that this machine reaches (its *_repository_fingerprints, if the vendor announced a new key); or "
            "name others in bundle_targets: for apt sources: [deb ...], for dnf mirror, or repositories: [{{name, "
            "url, key_url, fingerprints}}]",
            "请检查到软件源的网络；若为厂商软件源，请将该角色的 *_repository_url 设为制作离线包的机器可访问的镜像"
            "（厂商已公告更换密钥时另设 *_repository_fingerprints）；或在 bundle_targets 中指定软件源"
            "（apt 用 sources，dnf 用 mirror 或 repositories）",
        ),
    ),
    "LLM913": Message(
        Text("{where} is not a bundle's manifest: {detail}", "{where} 不是有效的离线包清单：{detail}"),
        Text(
            "name the bundle's folder in appliance_bundle (the one with MANIFEST.json), or copy the bundle again",
            "请将 appliance_bundle 设为离线包目录（含 MANIFEST.json），或重新拷贝离线包",
        ),
    ),
    "LLM914": Message(
        Text("the signature of the bundle {folder} is not valid: {why}", "离线包 {folder} 的签名无效：{why}"),
        Text(
            "copy the bundle again from its maker, and compare appliance_bundle_signer with the maker's key",
            "请向制作方重新获取离线包，并与制作方核对 appliance_bundle_signer",
        ),
    ),
    "LLM961": Message(
        Text(
            "the bundle {folder} is signed by {own}, a key that this controller does not know",
            "离线包 {folder} 由 {own} 签名，本控制机不认识该公钥",
        ),
        Text(
            "ask the bundle's maker for the fingerprint by another way; if it is this one, set "
            "appliance_bundle_signer: {key} (or, once, -e appliance_bundle_trust=first_use, which remembers it)",
            "请通过其他途径向制作方核对指纹；一致时设置 appliance_bundle_signer: {key}"
            "（或执行一次 -e appliance_bundle_trust=first_use 以记住该公钥）",
        ),
    ),
    "LLM962": Message(
        Text(
            "the bundle {folder} is signed by {own}; this controller knows other signers: {known}",
            "离线包 {folder} 由 {own} 签名，而本控制机认识的是：{known}",
        ),
        Text(
            "do not use it before its maker has confirmed the new fingerprint by another way; then set "
            "appliance_bundle_signer: {key}",
            "在制作方通过其他途径确认新指纹之前请勿使用；确认后设置 appliance_bundle_signer: {key}",
        ),
    ),
    "LLM915": Message(
        Text("the bundle {folder} is not what its manifest says: {why}", "离线包 {folder} 与清单不符：{why}"),
        Text(
            "copy these files again (sh check.sh in the bundle names them all); remove what does not belong there",
            "请重新拷贝这些文件（在离线包中运行 sh check.sh 可列出全部），并删除多余文件",
        ),
    ),
    "LLM918": Message(
        Text("the bundle does not hold {missing}, which the plan asks for", "离线包缺少方案所需的 {missing}"),
        Text(
            "make the bundle from this inventory (yitiji.deepseek.bundle), or undo what was changed since",
            "请用此清单重新制作离线包（yitiji.deepseek.bundle），或还原其后的改动",
        ),
    ),
    "LLM919": Message(
        Text("the node can't reach the controller at {url} ({said})", "节点无法访问控制机 {url}（{said}）"),
        Text(
            "open that port on the controller, or name the address by which the nodes see it in "
            "appliance_bundle_address",
            "请在控制机上放行该端口，或用 appliance_bundle_address 指定节点可达的控制机地址",
        ),
    ),
    "LLM920": Message(
        Text("this machine has no {command}", "该机器没有 {command}"),
        Text(
            "install it (on Debian or Ubuntu: apt-get install {package}); debs can be collected on these two alone, "
            "RPMs there and where dnf is at home",
            "请安装（Debian、Ubuntu：apt-get install {package}）；deb 包只能在这两种系统上收集，RPM 还可在"
            "自带 dnf 的系统上收集",
        ),
    ),
    "LLM921": Message(
        Text("{path}: {why}", "{path}：{why}"),
        Text(
            "give the bundle a disk with more room, or one that can be written to (bundle_out)",
            "请更换空间充足且可写的磁盘（bundle_out）",
        ),
    ),
    "LLM922": Message(
        Text("{what} could not be fetched: {detail}", "无法获取 {what}：{detail}"),
        Text(
            "check the network, the address and the login, then run again: it continues where it stopped",
            "请检查网络、地址与登录信息后重新运行，将从中断处继续",
        ),
    ),
    "LLM923": Message(
        Text("bundle_split is {text!r}, which is not a volume size", "bundle_split 的值 {text!r} 不是有效的分卷大小"),
        Text(
            "set bundle_split like 4G or 700M (1M at least)",
            "请把 bundle_split 设为 4G 或 700M 这样的值（至少 1M）",
        ),
    ),
    "LLM924": Message(
        Text("the bundle can't be signed with {key}: {detail}", "无法用 {key} 为离线包签名：{detail}"),
        Text(
            "set bundle_key to an ssh key without a passphrase, or leave it out to have one made",
            "请将 bundle_key 设为无口令的 ssh 私钥，或不设置（自动生成）",
        ),
    ),
    "LLM925": Message(
        Text("bundle_targets names {name}, which is not known", "bundle_targets 中的 {name} 未知"),
        Text(
            "name one of {known}, or give distribution, version and, as it has apt or dnf, sources or repositories",
            "请使用 {known} 之一，或给出 distribution、version，以及 sources（apt）或 repositories（dnf）",
        ),
    ),
    "LLM926": Message(
        Text(
            "appliance_source is bundle, but appliance_bundle is empty",
            "appliance_source 为 `bundle`，但未设置 appliance_bundle",
        ),
        Text(
            "set appliance_bundle to the bundle's folder on the controller",
            "请将 appliance_bundle 设为控制机上的离线包目录",
        ),
    ),
    "LLM927": Message(
        Text(
            "appliance_modelscope_endpoint or appliance_image_archives is given with -e and bypasses the bundle",
            "通过 -e 指定的 appliance_modelscope_endpoint 或 appliance_image_archives 会绕过离线包",
        ),
        Text(
            "leave that -e out and run again",
            "请去掉该 -e 参数后重新运行",
        ),
    ),
    "LLM928": Message(
        Text("port {port} of {addresses} can't be used: {said}", "无法使用 {addresses} 的端口 {port}：{said}"),
        Text(
            "stop what uses it (another run with a bundle?), or set bundle_port to a free port",
            "请结束占用该端口的进程（是否有另一次离线部署？），或将 bundle_port 设为空闲端口",
        ),
    ),
    "LLM929": Message(
        Text(
            "the repository {name} ({url}), from which packages for {target} would come, has no pinned key",
            "{target} 的软件包所用软件源 {name}（{url}）没有指定签名公钥",
        ),
        Text(
            "give it key_url and fingerprints (in bundle_targets, or by the role's *_repository_fingerprints); or "
            "trusted: true, for one of your own that signs nothing",
            "请给出 key_url 与 fingerprints（在 bundle_targets 中，或用该角色的 *_repository_fingerprints）；"
            "自建且不签名的软件源可设 trusted: true",
        ),
    ),
    "LLM930": Message(
        Text(
            "where the packages of {name} are is not known: its repositories need a subscription or a medium",
            "不知道 {name} 的软件包在哪里：其软件源需要订阅或安装介质",
        ),
        Text(
            "name them: bundle_targets: [{{release: {name}, architecture: {architecture}, repositories: [{{name: "
            "baseos, url: file:///mnt/BaseOS, key_url: file:///mnt/RPM-GPG-KEY, fingerprints: [...]}}]}}]",
            "请指定：bundle_targets: [{{release: {name}, architecture: {architecture}, repositories: [{{name: "
            "baseos, url: file:///mnt/BaseOS, key_url: file:///mnt/RPM-GPG-KEY, fingerprints: [...]}}]}}]",
        ),
    ),
    "LLM932": Message(
        Text(
            "a bundle is made for the nodes' system, and bundle_targets names none",
            "离线包按节点的系统制作，而 bundle_targets 为空",
        ),
        Text(
            "name those of the nodes: bundle_targets: [{{release: bookworm, architecture: amd64}}]; known: {known}",
            "请写明节点的系统：bundle_targets: [{{release: bookworm, architecture: amd64}}]；可用：{known}",
        ),
    ),
    "LLM931": Message(
        Text(
            "the NVIDIA driver is built for a kernel, and which one the nodes with {target} run is not known here",
            "NVIDIA 驱动须按内核构建，而此处不知道 {target} 节点运行的内核",
        ),
        Text(
            "set nvidia_driver_kernels to what `uname -r` says there, and nvidia_driver_repository_url and _key; or "
            "install the driver yourself and set nvidia_driver_install: false",
            "请将 nvidia_driver_kernels 设为节点上 `uname -r` 的输出，并设置 nvidia_driver_repository_url 与 _key；"
            "或自行安装驱动并设 nvidia_driver_install: false",
        ),
    ),
    "LLM940": Message(
        Text("the bundle can't be read: {path}: {why}", "无法读取离线包：{path}：{why}"),
        Text(
            "check that the bundle's disk is there, mounted and without errors (dmesg), then run again",
            "请检查离线包所在磁盘是否已接入、挂载且无故障（dmesg），然后重新运行",
        ),
    ),
    "LLM941": Message(
        Text(
            "ansible-playbook ended with status {code} and named no failure",
            "ansible-playbook 以状态 {code} 结束，未给出失败原因",
        ),
        Text(
            "look at `journalctl -u yitiji-first-boot`, then restart the machine",
            "请查看 `journalctl -u yitiji-first-boot`，然后重启该机器",
        ),
    ),
    "LLM942": Message(
        Text("the disk image {path} can't be read: {why}", "无法读取磁盘镜像 {path}：{why}"),
        Text(
            "check that its disk is there and without errors (`dmesg`), then bake again",
            "请检查镜像所在磁盘是否存在且无故障（`dmesg`），然后重新制作",
        ),
    ),
    "LLM948": Message(
        Text(
            "step {step} of a task that runs several together must name one module (found: {found})",
            "合并执行的任务中，步骤 {step} 须有名称并只写一个模块（实际为：{found}）",
        ),
        Text(
            "give step {step} a name and one module with its arguments",
            "请为步骤 {step} 填写名称，并只写一个模块及其参数",
        ),
    ),
    "LLM949": Message(
        Text("a task asks for the message {asked}, which the catalogue lacks", "任务引用的消息 {asked} 不在目录中"),
        Text(
            "name an id of plugins/module_utils/_base/messages in the task's `rule`",
            "请在任务的 rule 中填写 plugins/module_utils/_base/messages 中的编号",
        ),
    ),
    "LLM950": Message(
        Text(
            "the build machine lacks something: Debian with root, the packages {packages} (missing: "
            "{missing}), and disk_image_bridge and disk_image_address (with its prefix) are needed",
            "构建机缺少必需条件：须为 Debian 且以 root 运行，需要软件包 {packages}（缺少：{missing}），并需要 "
            "disk_image_bridge 与 disk_image_address（含前缀长度）",
        ),
        Text(
            "`apt-get install` what is missing; set both variables",
            "请 `apt-get install` 缺少的软件包，并设置两个变量",
        ),
    ),
    "LLM951": Message(
        Text("the tree of the disk image could not be made: {said}", "无法生成磁盘镜像的目录树：{said}"),
        Text(
            "correct what the message names (package sources, space, network) on the build machine and run again",
            "请在构建机上按信息改正（软件源、空间、网络）后重新运行",
        ),
    ),
    "LLM952": Message(
        Text(
            "the machine of the disk image could not be started or stopped: {said}",
            "无法启动或停止磁盘镜像所用的容器：{said}",
        ),
        Text(
            "check `machinectl` and disk_image_bridge on the build machine and run again",
            "请在构建机上检查 `machinectl` 与 disk_image_bridge 后重新运行",
        ),
    ),
    "LLM953": Message(
        Text("{root} could not be sealed: {said}", "无法封装 {root}：{said}"),
        Text(
            "correct the catalogue entry of seal that the message names and run again",
            "请改正信息中提到的 seal 目录项后重新运行",
        ),
    ),
    "LLM954": Message(
        Text("the disk image could not be written: {said}", "无法写入磁盘镜像：{said}"),
        Text(
            "correct what the message names (space, tools) on the build machine and run again",
            "请在构建机上按信息改正（空间、工具）后重新运行",
        ),
    ),
    "LLM957": Message(
        Text("the machine has no address", "该机器没有 IP 地址"),
        Text(
            "plug in the network, or write address, gateway and dns into yitiji.conf on the stick; then restart",
            "请接好网线，或在 U 盘的 yitiji.conf 中填写 `address`、`gateway`、`dns`，然后重启",
        ),
    ),
    "LLM958": Message(
        Text("left on the machine: {files}", "该机器上仍有：{files}"),
        Text("run yitiji.deepseek.seal again", "请重新运行 yitiji.deepseek.seal"),
    ),
    "LLM959": Message(
        Text("its secrets, users, chats and keys will be erased", "该机的密钥、用户与对话将被清除"),
        Text("confirm with -e seal_confirm={name}", "确认请加 -e seal_confirm={name}"),
    ),
    "LLM960": Message(
        Text(
            "a machine that sets itself up needs ansible-core {wanted} from its own release, which has {found}",
            "自行部署的机器需要 ansible-core {wanted}，本系统只有 {found}",
        ),
        Text(
            "bake on `debian:13` (Debian 13)",
            "请使用 Debian 13 制作（`debian:13`）",
        ),
    ),
    "LLM963": Message(
        Text(
            "{names} on the stick was not taken: this machine is set up, and no administrator has signed the file",
            "U 盘上的 {names} 未被采用：该机器已部署完成，且该文件没有管理员的签名",
        ),
        Text(
            "remove it from yitiji.conf, or write serial = {serial} into the file and sign it: ssh-keygen -Y sign -n "
            "yitiji-first-boot -f KEY yitiji.conf (the key of an administrator); put both files on the stick",
            "请从 yitiji.conf 中删除，或在文件中写入 serial = {serial} 并用管理员密钥签名：ssh-keygen -Y sign -n "
            "yitiji-first-boot -f KEY yitiji.conf，然后将两个文件放入 U 盘",
        ),
    ),
    "LLM916": Message(
        Text(
            "{node} is {architecture}; the bundle is made for {made_for}",
            "{node} 的架构为 {architecture}，离线包适用于 {made_for}",
        ),
        Text(
            "make a bundle for it (add {add} to bundle_targets), or set up the node with a release of the bundle",
            "请在 bundle_targets 中加入 {add} 后重新制作离线包，或在节点上安装离线包支持的系统",
        ),
    ),
    "LLM917": Message(
        Text(
            "{node} runs {name} {version}; the bundle is made for {made_for}",
            "{node} 的系统为 {name} {version}，离线包适用于 {made_for}",
        ),
        Text(
            "make a bundle for it (add {add} to bundle_targets), or set up the node with a release of the bundle",
            "请在 bundle_targets 中加入 {add} 后重新制作离线包，或在节点上安装离线包支持的系统",
        ),
    ),
    "LLM955": Message(
        Text("the disk image still holds {found}", "镜像中仍有 {found}"),
        Text(
            "name the file in a catalogue entry of seal and bake again (`debugfs -R 'icheck …'` and `ncheck` find the "
            "file that holds a byte)",
            "请在型号库 seal 的条目中写明该文件，再重新制作镜像（用 `debugfs -R 'icheck …'` 与 `ncheck` 查出文件）",
        ),
    ),
    "LLM956": Message(
        Text(
            "the settings on the stick are not valid: {why}",
            "U 盘上的设置有误：{why}",
        ),
        Text(
            "correct the file on the stick (or the NoCloud seed), put it in again and restart the machine",
            "请改正 U 盘（或 NoCloud 种子）中的文件，重新插入后重启该机器",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "and more": Text("{number} more", "另有 {number} 处"),
    "a threshold that is not a number": Text("{alert}: {value!r} is not a number", "{alert}：{value!r} 不是数字"),
    "a value that cannot be used": Text("{value!r} cannot be used", "{value!r} 不可用"),
    "a webhook that is no address": Text("it is not an address", "不是有效的地址"),
    "how to give a reason": Text("say why in `reason`", "请在 reason 中说明原因"),
    "how to write a threshold": Text("write a number without quotes", "请填写不带引号的数字"),
    "how to write a webhook": Text("write http:// or https://, a host and a path", "请写成 http(s)://主机/路径 的形式"),
    "like this": Text("write it like this: {example}", "写法示例：{example}"),
    "no such alert": Text("there is no alert {value}", "没有告警 {value}"),
    "silence without a reason": Text("{value}: no reason is given", "{value}：未说明原因"),
    "the alerts there are": Text("there are {names}", "可用：{names}"),
}
