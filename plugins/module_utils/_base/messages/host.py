# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 1: the node itself, variables, reports, files and commands."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM101": Message(
        Text("{path} has {free} free, but {model} needs {needed}", "{path} 剩余 {free}，{model} 还需要 {needed}"),
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
        Text("kernel settings differ from the wanted ones: {names}", "内核参数不符合要求：{names}"),
        Text(
            "run site.yml again; another file in sysctl.d may override them",
            "请重新运行 site.yml，并检查其他 sysctl.d 文件",
        ),
    ),
    "LLM117": Message(
        Text("could not {what}: {said}", "无法{what}：{said}"),
        Text(
            "correct what the message names (a name or version, package sources, network, disk), then run again",
            "请按信息排查（软件包名称或版本、软件源、网络、磁盘），然后重新运行",
        ),
    ),
    "LLM158": Message(
        Text(
            "{holder} uses the package manager now; an installation waits for it, at most {seconds} s",
            "{holder} 正在使用包管理器；安装时会等待，最多 {seconds} 秒",
        ),
        Text(
            "nothing to do, if it ends soon (upgrades that run by themselves do); else `ps -fC apt-get,apt,dpkg,dnf` "
            "shows what it does",
            "若很快结束（如自动更新）则无需处理；否则用 `ps -fC apt-get,apt,dpkg,dnf` 查看该进程",
        ),
    ),
    "LLM159": Message(
        Text(
            "{names} filters here, and {what} when site.yml runs: {commands}",
            "{names} 正在过滤；运行 site.yml 时{what}：{commands}",
        ),
        Text(
            "nothing, if that is meant; firewall_other: beside opens it for the appliance, instead switches it off",
            "若符合预期则无需处理；firewall_other 为 beside 时放行，为 instead 时停用",
        ),
    ),
    "LLM175": Message(
        Text(
            "the package source {source} ({place}) {why}: {said}",
            "软件源 {source}（{place}）{why}：{said}",
        ),
        Text(
            "correct it in {place}, or switch it off there",
            "请在 {place} 中改正或停用该软件源",
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
            "check on the node what hangs (ps, dmesg, a full or failing disk), then run again",
            "请在节点上查看阻塞原因（ps、dmesg、磁盘已满或故障），然后重新运行",
        ),
    ),
    "LLM130": Message(
        Text("ports that can't be used: {what}", "端口不可用：{what}"),
        Text("give each of {names} a port of its own, from 1 to 65535", "请为 {names} 各指定一个不同的端口（1-65535）"),
    ),
    "LLM131": Message(
        Text("{name} does not take {value!r}", "{name} 不接受 {value!r}"),
        Text("write it like this: {example}", "写法示例：{example}"),
    ),
    "LLM132": Message(
        Text("{name}: {path!r} is not a path that can be used", "{name}：路径 {path!r} 不可用"),
        Text(
            "write {name} as a whole path, starting with /, without blanks, commas, quotes, % or $",
            "请把 {name} 写成以 / 开头的完整路径，不含空格、逗号、引号、% 与 $",
        ),
    ),
    "LLM107": Message(
        Text("the node at {address} can't be reached: {why}", "无法访问节点 {address}：{why}"),
        Text("{how}", "{how}"),
    ),
    "LLM120": Message(
        Text(
            "variable {name} is {shown}, but must be: {shape}{detail}",
            "变量 {name} 的值 {shown} 不正确，应为：{shape}{detail}",
        ),
        Text(
            "correct {name} in the inventory, group_vars or -e (role {role}){about}",
            "请在清单、group_vars 或 -e 中改正 {name}（角色 {role}）{about}",
        ),
    ),
    "LLM121": Message(
        Text("the variable {name} is required and not set (role {role})", "缺少必需的变量 {name}（角色 {role}）"),
        Text("set {name} in the inventory{about}", "请在清单中设置 {name}{about}"),
    ),
    "LLM122": Message(
        Text("there is no variable {name}; did you mean {right}?", "没有变量 {name}，是否指 {right}？"),
        Text(
            "write {right} in the inventory, group_vars or -e; if {name} belongs to another collection or is "
            "your own, list it in appliance_other_variables",
            "请在清单、group_vars 或 -e 中改为 {right}；如果 {name} 属于其他 collection 或是自定义变量，请列入 "
            "appliance_other_variables",
        ),
    ),
    "LLM186": Message(
        Text(
            "there is no variable {name} in this collection; it has no effect",
            "本 collection 中没有变量 {name}，它不起作用",
        ),
        Text(
            "look for the right name in the README of the role, or leave it out; if {name} belongs to another "
            "collection or is your own, list it in appliance_other_variables",
            "请在该角色的 README 中查找正确名称，或将其删除；如果 {name} 属于其他 collection 或是自定义变量，请列入 "
            "appliance_other_variables",
        ),
    ),
    "LLM123": Message(
        Text(
            "the variable {old} has no effect since version {since}; {new} takes its place",
            "变量 {old} 自 {since} 版起不再生效，由 {new} 取代",
        ),
        Text(
            "set {new} instead in the inventory, group_vars or -e",
            "请在清单、group_vars 或 -e 中改用 {new}",
        ),
    ),
    "LLM599": Message(
        Text(
            "{nodes} of the deployment {deployment} failed in this run; nothing more is changed on this node",
            "部署 {deployment} 的 {nodes} 在本次运行中失败，本节点不再做任何更改",
        ),
        Text(
            "mend what is said above about {nodes} and run the same command again; deployments without it went on",
            "请处理上文 {nodes} 的错误，然后重新运行同一命令；其他部署不受影响，已继续进行",
        ),
    ),
    "LLM184": Message(
        Text("no phase of site.yml has the tag {names}", "site.yml 中没有标签为 {names} 的阶段"),
        Text(
            "choose from {known}; what is read, planned and checked runs with each of them",
            "请从以下标签中选择：{known}；读取、规划与检查总会运行",
        ),
    ),
    "LLM185": Message(
        Text(
            "{name} is {value}, but {owner}, which the other roles read, is {shared}",
            "{name} 为 {value}，而其他角色读取的 {owner} 为 {shared}",
        ),
        Text("set {owner}: {value} and leave {name} out", "请设置 {owner}: {value}，并去掉 {name}"),
    ),
    "LLM140": Message(
        Text("the doctor's rules can't be used: rule {name}: {why}", "检查规则不可用：规则 {name}：{why}"),
        Text(
            "correct the file in plugins/catalog/rules, or install the collection again",
            "请改正 plugins/catalog/rules 中的文件，或重新安装本 collection",
        ),
    ),
    "LLM141": Message(
        Text("`{command}` failed: {said}", "`{command}` 执行失败：{said}"),
        Text(
            "run the command by hand on the node, correct what it names, then run again",
            "请在节点上手工执行该命令，按提示改正后重新运行",
        ),
    ),
    "LLM142": Message(
        Text(
            "`systemctl {verb}` failed for the unit {unit}: {said}",
            "服务 {unit} 执行 `systemctl {verb}` 失败：{said}",
        ),
        Text(
            "look at `systemctl status {unit}` and `journalctl -u {unit}` on the node, then run again",
            "请在节点上查看 `systemctl status {unit}` 与 `journalctl -u {unit}`，然后重新运行",
        ),
    ),
    "LLM143": Message(
        Text(
            "{name} was not reloaded: `{command}` refuses its new configuration: {said}",
            "未重新加载 {name}，`{command}` 拒绝了新配置：{said}",
        ),
        Text(
            "correct what the message names (the old configuration still runs), then run again",
            "请按信息改正（旧配置仍在运行），然后重新运行",
        ),
    ),
    "LLM144": Message(
        Text(
            "the secret {name} holds a character that an HTTP header can't carry",
            "密钥 {name} 含有 HTTP 标头不支持的字符",
        ),
        Text(
            "use letters, digits and - . _ ~ + / = only; remove /etc/yitiji/secrets/{name} on the node to have "
            "a new one made",
            "只能使用字母、数字与 - . _ ~ + / =；删除节点上的 /etc/yitiji/secrets/{name} 即可重新生成",
        ),
    ),
    "LLM145": Message(
        Text("{name!r} is not a valid name for a secret", "{name!r} 不是有效的密钥名称"),
        Text(
            "name it with a-z, 0-9 and - only instead of {name!r}, beginning with a letter or a digit",
            "请改名 {name!r}：只能使用 a-z、0-9 与 -，且以字母或数字开头",
        ),
    ),
    "LLM146": Message(
        Text("{name!r} is not a valid name for an environment variable", "{name!r} 不是有效的环境变量名"),
        Text(
            "name it with letters, digits and _ only instead of {name!r}, not beginning with a digit",
            "请改名 {name!r}：只能使用字母、数字与 _，且不以数字开头",
        ),
    ),
    "LLM147": Message(
        Text("secrets are missing in {folder}: {names}", "{folder} 中没有密钥 {names}"),
        Text(
            "run site.yml, whose roles make them, or restore the files from a backup",
            "请运行 site.yml（由其中的角色生成），或从备份中恢复该文件",
        ),
    ),
    "LLM148": Message(
        Text(
            "a signal stopped the work on packages, between two commands",
            "软件包操作被信号中止（在两条命令之间）",
        ),
        Text("run again: it continues from what is installed now", "请重新运行：将从当前状态继续"),
    ),
    "LLM149": Message(
        Text("a unit can't be written: {why}", "无法生成服务单元：{why}"),
        Text(
            "correct the variable that holds this value ({why})",
            "请改正包含该值的变量（{why}）",
        ),
    ),
    "LLM190": Message(
        Text("no space is left to write {path}", "空间不足，无法写入 {path}"),
        Text(
            "free space or inodes on that file system (df -h, df -i), or raise the quota, then run again",
            "请在该文件系统上释放空间或 inode（df -h、df -i），或提高配额，然后重新运行",
        ),
    ),
    "LLM191": Message(
        Text("can't write {path}: its file system is read-only", "无法写入 {path}：其文件系统为只读"),
        Text(
            "see in `dmesg` why it is read-only (Linux does that when a disk fails), repair it or remount it writable, "
            "then run again",
            "请用 `dmesg` 查看变为只读的原因（磁盘故障时 Linux 会这样做），修复或重新挂载为可写后再运行",
        ),
    ),
    "LLM192": Message(
        Text("the disk reports an error at {path}", "磁盘在 {path} 处报告读写错误"),
        Text(
            "see `dmesg` and `smartctl -a`, replace the disk if it fails, then run again",
            "请查看 `dmesg` 与 `smartctl -a`，如磁盘故障请更换，然后重新运行",
        ),
    ),
    "LLM193": Message(
        Text("the operating system refuses to use {path}: {why}", "操作系统拒绝使用 {path}：{why}"),
        Text(
            "correct what it says (owner and mode, `lsattr`, a missing program or folder), then run again; "
            "if nothing is wrong there, report this message with the lines below",
            "请按提示改正（属主与权限、`lsattr`、缺少的程序或目录），然后重新运行；如未发现问题，请连同下方日志一并反馈",
        ),
    ),
    "LLM198": Message(
        Text("the report {path} can't be written: {why}", "无法写入报告 {path}：{why}"),
        Text(
            "name a file in a folder of the controller that you can write to, or leave {name} empty",
            "请指定控制机上可写目录中的文件，或将 {name} 留空",
        ),
    ),
    "LLM199": Message(
        Text("appliance_rules_ignore can't be used: {why}", "appliance_rules_ignore 不可用：{why}"),
        Text(
            "write it as a list of {{id, reason}} with ids of docs/rules",
            "请写成由 {{id, reason}} 组成的列表，编号见 docs/rules",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "a file without a name": Text("a file that it does not name", "未指明的文件"),
    "a port that is not one": Text("{name} is {value!r}", "{name} 为 {value!r}"),
    "a port wanted by several": Text("{port} for {names}", "{port} 被 {names} 同时使用"),
    "source_malformed": Text("can't be read", "写法有误"),
    "source_malformed_remedy": Text(
        "correct the line: the package manager does nothing at all until then ({place})",
        "请改正 {place}：在此之前软件包管理器完全无法工作",
    ),
    "source_not_yet": Text("is newer than this node's clock", "的时间晚于该节点时钟"),
    "source_not_yet_remedy": Text(
        "set the node's clock (`date`, `timedatectl set-ntp true`), then run again",
        "请校准该节点时钟（`date`、`timedatectl set-ntp true`）后重新运行",
    ),
    "source_expired": Text("is out of date", "已过有效期"),
    "source_expired_remedy": Text(
        "compare the node's clock (`date`); if it is right, the mirror is no longer updated: take another one or "
        "switch it off in {place}",
        "请先核对该节点时钟（`date`）；若时钟正确，则该镜像已停止更新：请在 {place} 中更换或停用",
    ),
    "source_key": Text("is not signed by a key that this node trusts", "的签名密钥不受该节点信任"),
    "source_key_remedy": Text(
        "install its publisher's key and name it by signed-by in {place}, or switch the source off there",
        "请安装发布方的密钥并在 {place} 中用 signed-by 指明，或停用该软件源",
    ),
    "source_proxy": Text("can't be reached through the proxy", "无法经代理访问"),
    "source_proxy_remedy": Text(
        "correct appliance_environment, or the proxy in /etc/apt/apt.conf.d (`apt-config dump | grep -i proxy`)",
        "请改正 appliance_environment 或 /etc/apt/apt.conf.d 中的代理（`apt-config dump | grep -i proxy`）",
    ),
    "source_name": Text("has a host whose name does not resolve", "的主机名无法解析"),
    "source_name_remedy": Text(
        "check the name in {place} and the node's resolver (/etc/resolv.conf), or switch the source off there",
        "请检查 {place} 中的域名与该节点的 DNS（/etc/resolv.conf），或停用该软件源",
    ),
    "source_tls": Text("can't be reached by TLS", "的 TLS 连接失败"),
    "source_tls_remedy": Text(
        "check the node's clock, the package ca-certificates, and whether the site's own authority is installed on the "
        "node (a proxy that opens TLS); or switch the source off in {place}",
        "请检查该节点时钟、ca-certificates 软件包，以及该节点是否安装了站点自己的 CA（会拆解 TLS 的代理）；"
        "或在 {place} 中停用该软件源",
    ),
    "source_denied": Text("refuses this node", "拒绝该节点访问"),
    "source_denied_remedy": Text(
        "check the login (/etc/apt/auth.conf.d) or the subscription, or switch the source off in {place}",
        "请检查登录信息（/etc/apt/auth.conf.d）或订阅，或在 {place} 中停用该软件源",
    ),
    "source_absent": Text("has nothing for this release", "没有适用于本版本的内容"),
    "source_absent_remedy": Text(
        "correct address and suite in {place}, or switch the source off there",
        "请在 {place} 中改正地址与版本代号，或停用该软件源",
    ),
    "source_unreachable": Text("can't be reached", "无法访问"),
    "source_unreachable_remedy": Text(
        "check the network to it, take another mirror in {place}, or switch the source off there; behind a proxy set "
        "appliance_environment",
        "请检查到该地址的网络，或在 {place} 中更换镜像、停用该软件源；经代理上网时请设置 appliance_environment",
    ),
    "source_family": Text("has no address that this node has a route to", "没有该节点可路由到的地址"),
    "source_family_remedy": Text(
        "on a node with IPv6 alone name a mirror that has an IPv6 address in {place}, or set a proxy of the site in "
        "appliance_environment; on one with IPv4 alone likewise",
        "仅有 IPv6 的节点请在 {place} 中改用有 IPv6 地址的镜像，或在 appliance_environment 中设置内网代理；"
        "仅有 IPv4 的节点同理",
    ),
    "source_other": Text("can't be used", "无法使用"),
    "source_other_remedy": Text("correct it in {place}, or switch it off there", "请在 {place} 中改正或停用"),
    "firewall.beside": Text("is opened for the appliance", "会为一体机放行"),
    "firewall.instead": Text("is switched off", "会将其停用"),
    "packages.install": Text("install {names}", "安装 {names}"),
    "packages.remove": Text("remove {names}", "卸载 {names}"),
    "packages.hold": Text("hold {names}", "锁定 {names}"),
    "packages.unhold": Text("lift the holds of {names}", "解除 {names} 的锁定"),
    "packages.list": Text("list the packages", "列出软件包"),
    "packages.removable": Text("work out what can be removed", "确定可卸载的软件包"),
    "packages.finish": Text("complete an interrupted installation", "完成中断的安装"),
    "packages.manage": Text("manage packages on this distribution ({name})", "在该发行版（{name}）上管理软件包"),
    "packages.none": Text("neither apt-get nor dnf is there", "没有 apt-get，也没有 dnf"),
    "packages.use_served": Text("use a system of docs/distributions.md", "请使用 docs/distributions.md 中的系统"),
    "a mount with a comma": Text(
        "a mounted path can't hold a comma or a quote: {value}", "挂载路径不能含逗号或引号：{value}"
    ),
    "a setting is missing": Text("the settings lack {name}", "设置中缺少 {name}"),
    "a unit with a line break": Text("an argument can't hold a line break: {value!r}", "参数不能含换行：{value!r}"),
    "ignored is no list": Text("it must be a list", "必须是列表"),
    "ignored is no rule": Text("it names {value!r}, which is not a rule", "其中的 {value!r} 不是任何规则"),
    "ignored without a reason": Text("it silences {value} without a reason", "忽略 {value} 时没有写明原因"),
    "kernel refused": Text(
        "correct host_tuning's settings; the kernel says: {said}", "请更正 host_tuning 的设置；内核提示：{said}"
    ),
}
