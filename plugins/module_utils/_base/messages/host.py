# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 1: the node itself, variables, reports, files and commands."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM101": Message(
        Text("{path} has {free} free, {needed} are needed for {model}", "{path} 剩余 {free}，{model} 还需要 {needed}"),
        Text(
            "free space there, or set weights_dest / appliance_weights_dir to a larger disk",
            "请清理该磁盘，或将 weights_dest / appliance_weights_dir 指向更大的磁盘",
        ),
    ),
    "LLM104": Message(
        Text(
            "not enough memory: {needed:.1f} GiB needed, {there:.1f} GiB there",
            "内存不足：需要 {needed:.1f} GiB，只有 {there:.1f} GiB",
        ),
        Text(
            "lower appliance_context_length or appliance_concurrency, or add main memory or GPUs",
            "请减小 appliance_context_length 或 appliance_concurrency，或增加内存或 GPU",
        ),
    ),
    "LLM116": Message(
        Text("kernel settings are not as wanted: {names}", "内核参数不符合要求：{names}"),
        Text(
            "run site.yml again; another file of sysctl.d may set them",
            "请重新运行 site.yml，并检查其他 sysctl.d 文件",
        ),
    ),
    "LLM117": Message(
        Text("could not {what}: {said}", "无法{what}：{said}"),
        Text(
            "correct what the message names (package sources, network, disk), then run again",
            "请按信息排查（软件源、网络、磁盘），然后重新运行",
        ),
    ),
    "LLM118": Message(
        Text(
            "the package manager is still in use after {seconds} s, by {holder}",
            "等待 {seconds} 秒后软件包管理器仍被占用：{holder}",
        ),
        Text("wait until it has ended, or stop it, then run again", "请等待其结束或将其停止，然后重新运行"),
    ),
    "LLM119": Message(
        Text("{job} did not end within {seconds} s", "{job} 未在 {seconds} 秒内结束"),
        Text(
            "look on the node what hangs (ps, dmesg, a full or failing disk), then run again",
            "请在节点上查看阻塞原因（ps、dmesg、磁盘已满或故障），然后重新运行",
        ),
    ),
    "LLM130": Message(
        Text("ports that cannot be: {what}", "端口不可用：{what}"),
        Text("give each of {names} a port of its own, from 1 to 65535", "请为 {names} 各指定一个不同的端口（1-65535）"),
    ),
    "LLM131": Message(
        Text("{name} does not take {value!r}", "{name} 不接受 {value!r}"),
        Text("write it like this: {example}", "写法示例：{example}"),
    ),
    "LLM132": Message(
        Text("{name}: {path!r} is not a path that can be used", "{name}：路径 {path!r} 不可用"),
        Text(
            "write it whole, from / on, without blanks, commas, quotes, % and $",
            "请写成以 / 开头的完整路径，不含空格、逗号、引号、% 与 $",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "a port that is not one": Text("{name} is {value!r}", "{name} 为 {value!r}"),
    "a port wanted by several": Text("{port} for {names}", "{port} 被 {names} 同时使用"),
    "packages.install": Text("install {names}", "安装 {names}"),
    "packages.remove": Text("remove {names}", "卸载 {names}"),
    "packages.hold": Text("hold {names}", "锁定 {names}"),
    "packages.unhold": Text("lift the holds of {names}", "解除 {names} 的锁定"),
    "packages.list": Text("list the packages", "列出软件包"),
    "packages.removable": Text("work out what can be removed", "确定可卸载的软件包"),
    "packages.finish": Text(
        "complete an interrupted installation (dpkg --configure -a)", "完成中断的安装（dpkg --configure -a）"
    ),
    "packages.manage": Text("manage packages on this distribution ({name})", "在该发行版（{name}）上管理软件包"),
    "packages.apt_only": Text("only apt is supported", "目前仅支持 apt"),
    "packages.use_apt": Text("use Debian or Ubuntu", "请使用 Debian 或 Ubuntu"),
}
