# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 7: the chat page and Ollama."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM710": Message(
        Text("the engine's unit could not run: {name}: {why}", "引擎的服务单元将无法运行：{name}：{why}"),
        Text(
            "correct the variables of role engine: engine_environment, engine_docker_options, engine_network, "
            "engine_models_dir, engine_tmp_options, engine_start_timeout",
            "请更正 engine 角色的变量：engine_environment、engine_docker_options、engine_network、engine_models_dir、"
            "engine_tmp_options、engine_start_timeout",
        ),
    ),
    "LLM702": Message(
        Text(
            "the folder of models {path} lies below a home, which the unit hides",
            "模型目录 {path} 位于用户主目录下，服务无法看到",
        ),
        Text(
            "set appliance_weights_dir to a folder outside /home and /root, for example /srv/models",
            "请把 appliance_weights_dir 设为 /home 与 /root 之外的目录，例如 /srv/models",
        ),
    ),
    "LLM714": Message(
        Text(
            "user {user} cannot write to {path}: a folder above it lacks x for others",
            "用户 {user} 无法写入 {path}：某一级上级目录缺少 x 权限",
        ),
        Text(
            "chmod o+x every folder above it, or set appliance_weights_dir elsewhere",
            "请对各级上级目录执行 chmod o+x，或修改 appliance_weights_dir",
        ),
    ),
    "LLM717": Message(
        Text("{tag} would change the database for good", "升级到 {tag} 会不可逆地更改数据库"),
        Text(
            'back it up with PostgreSQL\'s own pg_dump, then set open_webui_database_backed_up_for: "{tag}"',
            '请先用 pg_dump 备份，再设置 open_webui_database_backed_up_for: "{tag}"',
        ),
    ),
    "LLM719": Message(
        Text(
            "ollama_release does not say which file it is: version, sha256 (64 hexadecimal digits) and url or "
            "path are needed",
            "ollama_release 没有指明是哪个文件：需要 version、sha256（64 位十六进制）以及 url 或 path",
        ),
        Text("take sha256sum of the tarball and write all three", "请对发行包执行 sha256sum 并填写这三项"),
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
    "LLM723": Message(
        Text(
            "the users' data are in PostgreSQL, which this backup does not reach; nothing was done",
            "用户数据在 PostgreSQL 中，本备份无法包含，未作任何操作",
        ),
        Text(
            "use pg_dump there, and copy {data}/uploads and {secrets}",
            "请用 pg_dump 备份数据库，并复制 {data}/uploads 与 {secrets}",
        ),
    ),
    "LLM724": Message(
        Text("there is no backup {archive} on the {place}", "{place} 上没有备份文件 {archive}"),
        Text(
            "-e open_webui_restore_archive=PATH, and -e open_webui_restore_from=node if it lies on the node",
            "请用 -e open_webui_restore_archive=路径 指定；若在节点上，再加 -e open_webui_restore_from=node",
        ),
    ),
    "LLM727": Message(
        Text(
            "a backup holds SQLite data, open_webui_database is {database}",
            "备份中是 SQLite 数据，而 open_webui_database 为 {database}",
        ),
        Text(
            "restore with sqlite, or restore your own database with PostgreSQL's tools",
            "请用 sqlite 恢复，或用 PostgreSQL 自己的工具恢复数据库",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "no name of a variable": Text("{value!r} is not the name of a variable", "{value!r} 不是变量名"),
    "blanks in options": Text("it holds blanks or line breaks", "含有空白或换行"),
    "no time": Text("{value!r} is not a number of seconds above 0", "{value!r} 不是大于 0 的秒数"),
    "another network": Text("docker_network is {value!r}", "docker_network 为 {value!r}"),
}
