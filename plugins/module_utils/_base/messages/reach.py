# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a node can't be reached, and what to do (parts of LLM107); what an uninstallation leaves on it (LLM195)."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM196": Message(
        Text("the step `{step}` failed: {said}", "步骤 `{step}` 失败：{said}"),
        Text(
            "{how}; then run again: what is done already is not done twice",
            "{how}；然后重新运行：已完成的步骤不会重复",
        ),
    ),
    "LLM195": Message(
        Text(
            "uninstall_data=true would remove weights, users' data, backups, secrets and Docker's data of {name} for "
            "good",
            "uninstall_data=true 将永久删除 {name} 上的模型权重、用户数据、备份、密钥与 Docker 数据",
        ),
        Text(
            "if you mean it, add -e uninstall_confirm={name} (several nodes: their names with commas in between)",
            "确认删除请加上 -e uninstall_confirm={name}（多个节点用逗号分隔）",
        ),
    ),
}

# Cause -> what it is, and what to do.
CAUSES: Dict[str, Message] = {
    "name": Message(
        Text("the name does not resolve", "无法解析该名称"),
        Text(
            "set ansible_host to the node's IP address in the inventory",
            "请在清单中把 ansible_host 设为节点的 IP 地址",
        ),
    ),
    "refused": Message(
        Text("nothing listens at {where}", "{where} 没有服务在监听"),
        Text(
            "start sshd on the node, or correct ansible_host / ansible_port",
            "请在节点上启动 sshd，或更正 ansible_host / ansible_port",
        ),
    ),
    "host_key": Message(
        Text("the host key is unknown", "主机密钥未知"),
        Text(
            "compare the key on the node's console, then log in once by hand: `ssh {user}@{address}`",
            "请在节点控制台核对密钥，然后手工登录一次：`ssh {user}@{address}`",
        ),
    ),
    "key_changed": Message(
        Text("the host key has changed", "主机密钥已改变"),
        Text(
            "find out why (a reinstalled node, or somebody in between); compare the key on the node's console, then "
            "`ssh-keygen -R {address}` and log in once by hand",
            "请先查明原因（系统重装，或有人在中间）；在节点控制台核对密钥，然后执行 `ssh-keygen -R {address}` "
            "并手工登录一次",
        ),
    ),
    "key_file": Message(
        Text("the private key can't be used", "私钥无法使用"),
        Text(
            "correct ansible_ssh_private_key_file, and make the file readable for you alone (chmod 600)",
            "请更正 ansible_ssh_private_key_file，并使该文件仅自己可读（chmod 600）",
        ),
    ),
    "sshpass": Message(
        Text("a password needs the program sshpass on this machine", "使用密码登录需要控制机上的 sshpass"),
        Text(
            "install sshpass here, or log in with a key (`ssh-copy-id {user}@{address}`)",
            "请在控制机上安装 sshpass，或改用密钥登录（`ssh-copy-id {user}@{address}`）",
        ),
    ),
    "ssh_config": Message(
        Text("this machine's configuration of ssh is refused", "控制机上的 ssh 配置不可用"),
        Text(
            "correct the file that the line below names",
            "请更正下面一行中提到的文件",
        ),
    ),
    "controller": Message(
        Text("this machine has no folder for ssh's connections", "控制机上没有存放 ssh 连接的目录"),
        Text(
            "set ANSIBLE_HOME to a folder that you can write to, with a short path",
            "请把 ANSIBLE_HOME 设为路径较短且可写的目录",
        ),
    ),
    "old_ssh": Message(
        Text("ssh here and sshd there have no method in common", "两端的 ssh 没有共同支持的算法"),
        Text(
            "update sshd on the node, or name the old method in ansible_ssh_common_args",
            "请升级节点上的 sshd，或在 ansible_ssh_common_args 中指定旧算法",
        ),
    ),
    "too_many": Message(
        Text("sshd refused after too many keys", "尝试的密钥过多，被 sshd 拒绝"),
        Text(
            "set ansible_ssh_private_key_file, and `-o IdentitiesOnly=yes` in ansible_ssh_common_args",
            "请设置 ansible_ssh_private_key_file，并在 ansible_ssh_common_args 中加入 `-o IdentitiesOnly=yes`",
        ),
    ),
    "login": Message(
        Text("the login as {user} was refused", "以 {user} 登录被拒绝"),
        Text(
            "set ansible_user and ansible_ssh_private_key_file (or ansible_password); try `ssh {user}@{address}`",
            "请设置 ansible_user 与 ansible_ssh_private_key_file（或 ansible_password），并用 `ssh {user}@{address}` "
            "试一下",
        ),
    ),
    "expired": Message(
        Text("a password has expired", "密码已过期"),
        Text(
            "log in by hand with `ssh {user}@{address}` and set a new one (or root's, `sudo passwd root`), then run "
            "again",
            "请用 `ssh {user}@{address}` 手工登录并设置新密码（或 root 的密码：`sudo passwd root`），然后重新运行",
        ),
    ),
    "account": Message(
        Text("the account has ended or is locked", "账户已到期或被锁定"),
        Text(
            "extend it on the node (`chage -E -1 {user}`, `passwd -u {user}`), or set another ansible_user",
            "请在节点上延长有效期（`chage -E -1 {user}`、`passwd -u {user}`），或改用其他 ansible_user",
        ),
    ),
    "sudoers": Message(
        Text("{user} may not become root", "{user} 无权切换到 root"),
        Text(
            "let {user} run everything with sudo (a file in /etc/sudoers.d: `{user} ALL=(ALL) ALL`), or set another "
            "ansible_user",
            "请允许 {user} 用 sudo 执行全部命令（在 /etc/sudoers.d 中：`{user} ALL=(ALL) ALL`），或改用其他 "
            "ansible_user",
        ),
    ),
    "tty": Message(
        Text("sudo wants a terminal (requiretty)", "sudo 要求终端（requiretty）"),
        Text(
            "set ansible_ssh_pipelining: false, or add `Defaults:{user} !requiretty` in /etc/sudoers.d",
            "请设置 ansible_ssh_pipelining: false，或在 /etc/sudoers.d 中加入 `Defaults:{user} !requiretty`",
        ),
    ),
    "wrong_password": Message(
        Text("the password for becoming root is wrong", "切换到 root 的密码不正确"),
        Text(
            "correct ansible_become_password, or run with --ask-become-pass (-K)",
            "请更正 ansible_become_password，或运行时加 --ask-become-pass（-K）",
        ),
    ),
    "no_password": Message(
        Text("becoming root needs a password", "切换到 root 需要密码"),
        Text(
            "set ansible_become_password (ansible-vault), run with --ask-become-pass (-K), or allow sudo without a "
            "password",
            "请设置 ansible_become_password（ansible-vault），或运行时加 --ask-become-pass（-K），或允许免密 sudo",
        ),
    ),
    "become_program": Message(
        Text("the program that makes root can't be used", "用于切换到 root 的程序不可用"),
        Text(
            "install sudo on the node, or set ansible_become_method (su), or log in as root",
            "请在节点上安装 sudo，或设置 ansible_become_method（su），或以 root 登录",
        ),
    ),
    "shell": Message(
        Text("{user} has no shell that runs commands", "{user} 没有可执行命令的 shell"),
        Text(
            "give {user} another shell (`chsh -s /bin/bash {user}`), or set another ansible_user",
            "请为 {user} 更换 shell（`chsh -s /bin/bash {user}`），或改用其他 ansible_user",
        ),
    ),
    "full": Message(
        Text("a disk of the node is full", "节点的磁盘已满"),
        Text(
            "make room in the folder that the line below names (/tmp, the home folder), then run again",
            "请清理下面一行中提到的目录（/tmp、用户主目录），然后重新运行",
        ),
    ),
    "read_only": Message(
        Text("a file system of the node is read-only", "节点的文件系统是只读的"),
        Text(
            "look at the disk (`dmesg`), mount it writable, or set ansible_remote_tmp to a folder that is",
            "请检查磁盘（`dmesg`）并重新挂载为可写，或把 ansible_remote_tmp 设为可写的目录",
        ),
    ),
    "temporary": Message(
        Text(
            "{user} can't make a folder for temporary files: full, read-only or not writable",
            "{user} 无法创建临时目录：磁盘已满、只读或没有写权限",
        ),
        Text(
            "set ansible_remote_tmp to a folder that {user} can write to",
            "请把 ansible_remote_tmp 设为 {user} 可写的目录",
        ),
    ),
    "booting": Message(
        Text("the node is starting or stopping", "节点正在启动或关机"),
        Text(
            "wait until it is up, then run again",
            "请等待其启动完成后重新运行",
        ),
    ),
    "python": Message(
        Text("there is no usable Python on the node", "节点上没有可用的 Python"),
        Text(
            "install python3 on the node, or set ansible_python_interpreter",
            "请在节点上安装 python3，或设置 ansible_python_interpreter",
        ),
    ),
    "python_old": Message(
        Text("Python on the node is too old", "节点上的 Python 版本过低"),
        Text(
            "install Python 3.8 or newer on the node and set ansible_python_interpreter",
            "请在节点上安装 Python 3.8 或更高版本，并设置 ansible_python_interpreter",
        ),
    ),
    "noise": Message(
        Text("what came back is no answer of Ansible's", "返回的内容不是 Ansible 的应答"),
        Text(
            "see what `ssh {user}@{address} true` prints: start-up files of the shell must print nothing",
            "请查看 `ssh {user}@{address} true` 的输出：shell 的启动文件不得输出内容",
        ),
    ),
    "route": Message(
        Text("there is no route to {where}", "没有到 {where} 的路由"),
        Text(
            "check that the node is powered on and on this network, and the address in ansible_host",
            "请检查节点是否开机、网络是否连通，以及 ansible_host 的地址",
        ),
    ),
    "jump": Message(
        Text("the jump host on the way to {where} fails", "通往 {where} 的跳板机不可用"),
        Text(
            "log in to the jump host by hand; its name, user and key stand in ansible_ssh_common_args (or "
            "~/.ssh/config)",
            "请手工登录跳板机；其名称、用户与密钥见 ansible_ssh_common_args（或 ~/.ssh/config）",
        ),
    ),
    "behind": Message(
        Text("the jump host does not get to {where}", "跳板机无法连接到 {where}"),
        Text(
            "check power, address and sshd of the node as the jump host sees them",
            "请从跳板机检查节点的电源、地址与 sshd",
        ),
    ),
    "closed": Message(
        Text("{where} closed the connection or nobody is there", "{where} 关闭了连接，或没有应答"),
        Text(
            "check power, address and firewall of the node, and the jump host in ansible_ssh_common_args",
            "请检查节点电源、地址与防火墙，以及 ansible_ssh_common_args 中的跳板机",
        ),
    ),
    "silent": Message(
        Text("{where} did not answer in time", "{where} 未在限时内应答"),
        Text(
            "check power, cable and firewall of the node, and the address in ansible_host",
            "请检查节点电源、网线与防火墙，以及 ansible_host 的地址",
        ),
    ),
    "other": Message(
        Text("the connection failed", "连接失败"),
        Text(
            "log in by hand with `ssh {user}@{address}` to see why",
            "请用 `ssh {user}@{address}` 手工登录查看原因",
        ),
    ),
}

PHRASES: Dict[str, Text] = {
    "failed.silent": Text("it does not say why", "未说明原因"),
    "failed.full": Text("make room on the disk (`df -h`, `df -i`)", "请清理磁盘空间（`df -h`、`df -i`）"),
    "failed.read_only": Text(
        "look at the disk (`dmesg`) and mount it writable", "请检查磁盘（`dmesg`）并重新挂载为可写"
    ),
    "failed.locale": Text(
        "set LANG=C.UTF-8 and LC_ALL=C.UTF-8 for the login on the node, and for this machine",
        "请在节点的登录环境与控制机上设置 LANG=C.UTF-8 与 LC_ALL=C.UTF-8",
    ),
    "failed.lock": Text(
        "wait until the other program is done with the packages (`ps aux`), and complete what was interrupted "
        "(`dpkg --configure -a`)",
        "请等待其他程序完成软件包操作（`ps aux`），并补完被中断的安装（`dpkg --configure -a`）",
    ),
    "failed.library": Text(
        "install the Python library that is named, for the Python that ansible_python_interpreter names",
        "请为 ansible_python_interpreter 所指的 Python 安装所提到的库",
    ),
    "failed.network": Text(
        "look at names, proxy and firewall between the node and the address that is named (appliance_environment)",
        "请检查节点到所提到地址之间的域名解析、代理与防火墙（appliance_environment）",
    ),
    "failed.rights": Text(
        "let the login become root (ansible_become), and look for SELinux or AppArmor (`journalctl -k`)",
        "请允许登录用户切换到 root（ansible_become），并检查 SELinux 或 AppArmor（`journalctl -k`）",
    ),
    "failed.unit": Text(
        "look on the node at `systemctl status {name}` and `journalctl -u {name} -n 50`",
        "请在节点上查看 `systemctl status {name}` 与 `journalctl -u {name} -n 50`",
    ),
    "failed.packages": Text(
        "run the package manager by hand on the node and correct what it names (its sources, a broken package)",
        "请在节点上手工运行软件包管理器，并按提示更正（软件源、损坏的包）",
    ),
    "failed.command": Text("run the command by hand on the node", "请在节点上手工执行该命令"),
    "failed.file": Text(
        "look at the path that is named: its rights, its disk, and whether something else is in its place",
        "请检查所提到的路径：权限、磁盘，以及该处是否已有其他内容",
    ),
    "failed.user": Text(
        "look whether users and groups come from a directory service, and make {name} there",
        "请检查用户与组是否来自目录服务；如是，请在那里创建 {name}",
    ),
    "failed.certificate": Text(
        "look at the files in gateway_tls_dir; what is broken there can be moved away and is made anew",
        "请检查 gateway_tls_dir 中的文件；损坏的文件可移走，将重新生成",
    ),
    "failed.reboot": Text("look at the node's console", "请查看节点的控制台"),
    "failed.other": Text(
        "see Ansible's own words above; -v shows more", "请查看上面 Ansible 的原始信息；加 -v 可显示更多"
    ),
    "left.weights": Text("weights", "模型权重"),
    "left.page": Text("the page's data", "对话页面的数据"),
    "left.backups": Text("backups", "备份"),
    "left.secrets": Text("settings and secrets", "设置与密钥"),
    "left.state": Text("what the roles remember", "各角色的记录"),
    "left.docker": Text("Docker's data", "Docker 的数据"),
}
for _cause, _words in CAUSES.items():
    PHRASES["reach." + _cause], PHRASES["reach." + _cause + ".how"] = _words
