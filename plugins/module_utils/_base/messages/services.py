# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 7: the chat page and Ollama."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM702": Message(
        Text(
            "the folder of models {path} lies in a home directory, which the unit can't see",
            "模型目录 {path} 位于用户主目录下，服务无法看到",
        ),
        Text(
            "set appliance_weights_dir to a folder outside /home and /root, for example /srv/models",
            "请把 appliance_weights_dir 设为 /home 与 /root 之外的目录，例如 /srv/models",
        ),
    ),
    "LLM728": Message(
        Text(
            "the users' data were last used by Open WebUI {had}; {wanted} can't read them",
            "用户数据最后由 Open WebUI {had} 使用，{wanted} 无法读取",
        ),
        Text(
            "keep {had} or newer, or restore a backup made with {wanted} (yitiji.deepseek.restore)",
            "请使用 {had} 或更新的版本，或恢复 {wanted} 时制作的备份（yitiji.deepseek.restore）",
        ),
    ),
    "LLM706": Message(
        Text("the chat page refuses the administrator's password: {error}", "对话页面拒绝了管理员密码：{error}"),
        Text(
            "if it was changed on the page, write the new one into /etc/yitiji/secrets/open-webui-admin; to "
            "set it back to what that file holds, run with -e open_webui_admin_reset=true",
            "如果曾在页面上修改密码，请把新密码写入 /etc/yitiji/secrets/open-webui-admin；如需重置为该文件中的"
            "密码，请加参数 -e open_webui_admin_reset=true 运行",
        ),
    ),
    "LLM707": Message(
        Text("no answer from {url}: {error}", "{url} 没有给出回答：{error}"),
        Text(
            "look at `journalctl -u yitiji-vllm -u yitiji-open-webui -u nginx` on the node",
            "请在节点上查看 `journalctl -u yitiji-vllm -u yitiji-open-webui -u nginx`",
        ),
    ),
    "LLM708": Message(
        Text("Ollama and the model {name}: {error}", "Ollama 处理模型 {name} 时出错：{error}"),
        Text(
            "read `journalctl -u yitiji-ollama`, correct what it names and run again",
            "请查看 `journalctl -u yitiji-ollama`，改正其中的原因后重新运行",
        ),
    ),
    "LLM709": Message(
        Text("the release {source}: {why}", "发行包 {source}：{why}"),
        Text(
            "set the role's variable of the release ({source}) to an address that the node reaches, or a path "
            "on it, with that file's sha256",
            "请把该角色的发行包变量（{source}）设为节点可访问的地址或节点上的路径，并给出该文件的 sha256",
        ),
    ),
    "LLM710": Message(
        Text("the engine's unit can't run: {name}: {why}", "引擎的服务单元将无法运行：{name}：{why}"),
        Text(
            "correct the variables of role engine: engine_environment, engine_docker_options, engine_network, "
            "engine_models_dir, engine_tmp_options, engine_start_timeout",
            "请更正角色 `engine`的变量：engine_environment、engine_docker_options、engine_network、"
            "engine_models_dir、engine_tmp_options、engine_start_timeout",
        ),
    ),
    "LLM712": Message(
        Text("{path} can't be restored: {why}; nothing was changed", "{path} 无法恢复：{why}；未作任何更改"),
        Text(
            "take another archive than {path}, or copy it again",
            "请换用 {path} 以外的备份，或重新复制该文件",
        ),
    ),
    "LLM713": Message(
        Text(
            "the users' data are in {before}; with {database} everybody would see an empty page",
            "用户数据在 {before} 中；改用 {database} 后所有人会看到空白页面",
        ),
        Text(
            "keep open_webui_database: {before}, or move the data first",
            "请保持 open_webui_database: {before}，或先迁移数据",
        ),
    ),
    "LLM714": Message(
        Text(
            "user {user} cannot write to {path}: a folder above it lacks x for others",
            "用户 {user} 无法写入 {path}：某一级上级目录缺少执行（`x`）权限",
        ),
        Text(
            "run chmod o+x on every folder above it, or set appliance_weights_dir to another place",
            "请对各级上级目录执行 chmod o+x，或修改 appliance_weights_dir",
        ),
    ),
    "LLM715": Message(
        Text("{url}/v1 does not list {model} ({listed})", "{url}/v1 没有列出 {model}（{listed}）"),
        Text(
            "read `journalctl -u yitiji-vllm` (or its unit) on the node until the engine is ready",
            "请在节点上查看 `journalctl -u yitiji-vllm`（或相应单元），等引擎就绪",
        ),
    ),
    "LLM717": Message(
        Text("{tag} would change the database irreversibly", "升级到 {tag} 会不可逆地更改数据库"),
        Text(
            'back it up with PostgreSQL\'s own pg_dump, then set open_webui_database_backed_up_for: "{tag}"',
            '请先用 pg_dump 备份，再设置 open_webui_database_backed_up_for: "{tag}"',
        ),
    ),
    "LLM718": Message(
        Text(
            "Ollama computes on the CPU: the plan puts {layers} layers on the cards, but none is there",
            "Ollama 退回到了 CPU：方案把 {layers} 层放在显卡上，实际一层也没有",
        ),
        Text(
            "run `nvidia-smi` and `nvidia-modprobe -u -c=0`, then restart yitiji-ollama; its log names the reason",
            "请执行 `nvidia-smi` 与 `nvidia-modprobe -u -c=0`，再重启 yitiji-ollama；原因见其日志",
        ),
    ),
    "LLM719": Message(
        Text(
            "ollama_release does not say which file it is: version, sha256 (64 hexadecimal digits) and url or "
            "path are needed",
            "ollama_release 没有指明是哪个文件：需要 version、sha256（64 位十六进制）以及 url 或 path",
        ),
        Text(
            "run `sha256sum` on the tarball and write all three into ollama_release",
            "请对发行包执行 `sha256sum`，并在 ollama_release 中填写这三项",
        ),
    ),
    "LLM720": Message(
        Text("secrets are missing: {names}", "缺少密钥：{names}"),
        Text(
            "give them in open_webui_secrets (from a vault), for example {{{example}: …}}",
            "请在 open_webui_secrets 中给出（放在 vault 中），例如 {{{example}: …}}",
        ),
    ),
    "LLM721": Message(
        Text("not there: {paths}", "文件不存在：{paths}"),
        Text(
            "bring it, or correct open_webui_ca_file, open_webui_embedding_dir, open_webui_logo (a file of "
            "the controller)",
            "请放好文件，或更正 open_webui_ca_file、open_webui_embedding_dir、open_webui_logo（控制机上的文件）",
        ),
    ),
    "LLM722": Message(
        Text("{archive} can't be restored: {why}; nothing changed", "{archive} 无法恢复：{why}；未作更改"),
        Text(
            "install that version or a newer one first (`ansible-galaxy collection install`), then take {archive} "
            "again",
            "请先安装该版本或更新的版本（`ansible-galaxy collection install`），再使用 {archive}",
        ),
    ),
    "LLM723": Message(
        Text(
            "the users' data are in PostgreSQL, which this backup does not cover; everything else is in it",
            "用户数据在 PostgreSQL 中，本备份无法包含；其余内容均已包含",
        ),
        Text(
            "back that up with `pg_dump` beside this backup",
            "请另用 `pg_dump` 备份该数据库",
        ),
    ),
    "LLM724": Message(
        Text("there is no backup {archive} on the {place}", "{place} 上没有备份文件 {archive}"),
        Text(
            "-e backup_file=PATH, and -e backup_file_on=node if it lies on the node",
            "请用 -e backup_file=路径 指定；若在节点上，再加 -e backup_file_on=node",
        ),
    ),
    "LLM725": Message(
        Text("no backup was made: {why}", "未能完成备份：{why}"),
        Text("repair that and run again; the page keeps running", "请修复后重试；网页继续运行"),
    ),
    "LLM726": Message(
        Text("{folder} already holds users' data", "{folder} 中已有用户数据"),
        Text(
            "restore to a fresh node, or set backup_replace: true (the old data are kept beside the new)",
            "请恢复到新节点，或设 backup_replace: true（原数据会保留在旁边）",
        ),
    ),
    "LLM727": Message(
        Text(
            "the backup is of data in {had}, open_webui_database is {database}",
            "备份的数据在 {had} 中，而 open_webui_database 为 {database}",
        ),
        Text(
            "restore with the same open_webui_database; what is in PostgreSQL is restored by its own tools",
            "请用相同的 open_webui_database 恢复；PostgreSQL 中的数据用其自己的工具恢复",
        ),
    ),
    "LLM701": Message(
        Text(
            "{url} does not list the model {model} (listed: {listed})",
            "{url} 没有列出模型 {model}（已列出：{listed}）",
        ),
        Text(
            "check that yitiji-vllm is ready, then restart yitiji-open-webui",
            "请确认 yitiji-vllm 已就绪，然后重启 yitiji-open-webui",
        ),
    ),
    "LLM711": Message(
        Text(
            "the chat page cannot be set up like this: {why}",
            "对话页面的设置有误：{why}",
        ),
        Text(
            "correct the variable that the message names (open_webui_…); roles/open_webui/README.md describes each",
            "请更正信息中提到的变量（open_webui_…）；说明见 roles/open_webui/README.md",
        ),
    ),
    "LLM729": Message(
        Text(
            "{admin} is not an administrator in {archive}; nothing was changed",
            "{archive} 中没有管理员 {admin}；未作任何更改",
        ),
        Text(
            "set open_webui_admin_email to one of: {admins}",
            "请将 open_webui_admin_email 设为：{admins}",
        ),
    ),
    "LLM730": Message(
        Text(
            "model {model} at {url} answered {answer!r}, expected {expected}",
            "{url} 的模型 {model} 回答了 {answer!r}，期望包含 {expected}",
        ),
        Text(
            "ask by hand (`curl`, as the page /clients/ shows) and read the engine's log with `journalctl`",
            "请手工提问（`curl`，用法见 /clients/ 页面），并用 `journalctl` 查看引擎日志",
        ),
    ),
    "LLM731": Message(
        Text("the administrator's password could not be set: {said}", "无法设置管理员密码：{said}"),
        Text(
            "check that yitiji-open-webui runs, that its users are in its own database (SQLite) and that "
            "open_webui_admin_email has an account there",
            "请检查 yitiji-open-webui 是否运行、用户数据是否在其自带数据库（SQLite）中，"
            "以及 open_webui_admin_email 是否有账户",
        ),
    ),
    "LLM732": Message(
        Text(
            "the record of which page last used the users' data can't be read: {path}: {why}",
            "无法读取用户数据的使用记录：{path}：{why}",
        ),
        Text(
            "restore {path} from a backup; without it, a newer page's data may be opened by an older page",
            "请从备份中恢复 {path}；否则旧版本页面可能会打开新版本的数据",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "another network": Text("it must equal docker_network, which is {value!r}", "docker_network 为 {value!r}"),
    "blanks in options": Text("it contains blanks or line breaks", "含有空白或换行"),
    "no name of a variable": Text("{value!r} is not the name of a variable", "{value!r} 不是变量名"),
    "no time": Text("{value!r} is not a number of seconds above 0", "{value!r} 不是大于 0 的秒数"),
    "any text": Text("any text", "任意文字"),
}
