# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 7: backups of the appliance (LLM740 to LLM759)."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM740": Message(
        Text("{name}: {value} cannot be used", "{name}：{value} 无法使用"),
        Text("{how}", "{how}"),
    ),
    "LLM741": Message(
        Text(
            "backups hold keys and passwords, and {names} would take them off the node unencrypted",
            "备份中有密钥和密码，而 {names} 会让它们未加密地离开节点",
        ),
        Text(
            "set backup_recipients (`age-keygen -o backup-key.txt` on the controller makes a key; its public part is "
            "the recipient), or accept it by backup_allow_plain: true",
            "请设置 backup_recipients（在控制机上运行 `age-keygen -o backup-key.txt`，其公钥即接收者），"
            "或以 backup_allow_plain: true 接受这一风险",
        ),
    ),
    "LLM742": Message(
        Text("{path} can't be opened: {why}; nothing was changed", "{path} 无法打开：{why}；未作任何更改"),
        Text(
            "give the identity file of one of its recipients by -e backup_identity_file=PATH, and have age "
            "installed on the controller (package age)",
            "请用 -e backup_identity_file=路径 指定与其接收者对应的身份文件，并在控制机上安装 age（软件包 age）",
        ),
    ),
    "LLM746": Message(
        Text("{path} can't be proved to be restorable: {why}", "无法证明 {path} 可以恢复：{why}"),
        Text(
            "make a new backup (yitiji.deepseek.backup) and rehearse that one; keep the older ones until then",
            "请重新备份（yitiji.deepseek.backup）并演练新的备份；在此之前请保留旧备份",
        ),
    ),
    "LLM747": Message(
        Text(
            "the backup stands on the node, but no copy of it is elsewhere: {why}",
            "备份已在节点上完成，但未能复制到别处：{why}",
        ),
        Text(
            "correct backup_remote, its key or the other machine, and run yitiji.deepseek.backup again",
            "请更正 backup_remote、其密钥或对端机器，然后重新运行 yitiji.deepseek.backup",
        ),
    ),
    "LLM749": Message(
        Text(
            "{path} has the digest {found}, not {wanted}; nothing was changed",
            "{path} 的摘要为 {found}，不是 {wanted}；未作任何更改",
        ),
        Text(
            "copy the backup again, or give the digest that was printed when it was made by -e backup_file_sha256=…",
            "请重新复制备份，或用 -e backup_file_sha256=… 给出制作时打印的摘要",
        ),
    ),
    "LLM750": Message(
        Text("one backup can't be restored to several appliances: {hosts}", "一个备份不能恢复到多台一体机：{hosts}"),
        Text(
            "name one by --limit, with the other nodes of its deployment",
            "请用 --limit 指定其中一台及其部署内的其他节点",
        ),
    ),
}

PHRASES: Dict[str, Text] = {
    "an example schedule": Text(
        "write it for systemd, like *-*-* 02:30:00", "请按 systemd 的写法，例如 *-*-* 02:30:00"
    ),
    "how to write what is kept": Text(
        "give last (1 or more), daily, weekly and monthly, each a whole number",
        "请给出 last（至少为 1）、daily、weekly、monthly，均为整数",
    ),
    "how to write a recipient": Text(
        "an age recipient (age1…) or a public SSH key (ssh-ed25519 …)",
        "应为 age 接收者（age1…）或 SSH 公钥（ssh-ed25519 …）",
    ),
    "kinds of remotes": Text("kind is sftp or s3", "kind 应为 sftp 或 s3"),
    "how to write a remote": Text(
        "sftp wants host, user, path and host_key (as ssh-keyscan prints it, without the name); s3 wants an https "
        "endpoint, access_key and path (bucket/folder)",
        "sftp 需要 host、user、path 和 host_key（ssh-keyscan 的输出，去掉主机名）；"
        "s3 需要 https 的 endpoint、access_key 和 path（桶/目录）",
    ),
    "a secret of the remote": Text("the remote wants it", "该远端需要它"),
}
