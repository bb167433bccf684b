# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 3: Docker, images, services."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM302": Message(
        Text(
            "image {image} is in no archive and no registry answers for it ({tried})",
            "镜像 {image} 不在任何归档中，镜像仓库也无法提供（{tried}）",
        ),
        Text(
            "set docker_registry_mirrors to a mirror you can reach, docker_registries to the login and the "
            "certificate authority of a private registry, appliance_images to your own registry, or "
            "appliance_image_archives to an archive made with `docker save`",
            "请将 docker_registry_mirrors 设为可访问的镜像站，用 docker_registries 给出私有仓库的登录信息和 "
            "CA 证书，或用 appliance_images 指向自有仓库，或用 appliance_image_archives 指定由 `docker save` "
            "生成的归档",
        ),
    ),
    "LLM303": Message(
        Text(
            "after a daemon-reload a running container sees {after} of {before} card(s) ({chosen})",
            "daemon-reload 之后，运行中的容器只剩 {after}/{before} 张显卡（{chosen}）",
        ),
        Text(
            "set nvidia_container_toolkit_mode: cdi with Docker 25 or newer; until then restart the engine's unit",
            "请使用 Docker 25 或更新版本并设置 nvidia_container_toolkit_mode: cdi；在此之前请重启引擎服务",
        ),
    ),
    "LLM306": Message(
        Text("{name}: {problem}", "{name}：{problem}"),
        Text(
            "correct it by hand (it must be an object, {{ … }}) or move the file away, then run again",
            "请手工改正（应为一个对象 {{ … }}）或移走此文件，再重新运行",
        ),
    ),
    "LLM307": Message(
        Text(
            "Docker's data root would move from {old} to {new}, but {old} holds data ({found})",
            "Docker 的数据目录将从 {old} 改到 {new}，但 {old} 中已有数据（{found}）",
        ),
        Text(
            "set docker_data_root: {old}, or stop Docker, move the folder (rsync -aHAX {old}/ {new}/), set "
            "data-root in /etc/docker/daemon.json, start Docker and run again",
            "请设置 docker_data_root: {old}；或停止 Docker，迁移目录（rsync -aHAX {old}/ {new}/），在 "
            "/etc/docker/daemon.json 中设置 data-root，启动 Docker 后重新运行",
        ),
    ),
    "LLM308": Message(
        Text(
            "a container sees {seen} of {cards} NVIDIA card(s) ({chosen}); it said: {last}",
            "容器只看到 {seen}/{cards} 张 NVIDIA 显卡（{chosen}），输出：{last}",
        ),
        Text(
            "look at `journalctl -u yitiji-nvidia-devices` and `nvidia-smi`, then run site.yml again",
            "请查看 `journalctl -u yitiji-nvidia-devices` 与 `nvidia-smi`，然后重新运行 site.yml",
        ),
    ),
    "LLM309": Message(
        Text("Docker does not run with the wanted settings: {mismatches}", "Docker 不符合要求：{mismatches}"),
        Text(
            "run site.yml again; if that does not help, read `journalctl -u docker`: an option in "
            "docker_daemon_options may be unknown to this version",
            "请重新运行 site.yml；若仍不符合，请查看 `journalctl -u docker`：docker_daemon_options 中可能有该"
            "版本不支持的选项",
        ),
    ),
    "LLM310": Message(
        Text("docker load of {source} failed: {reason}", "从 {source} 执行 `docker load` 失败：{reason}"),
        Text(
            "check the archive and the free space of Docker's data root, then run again",
            "请检查归档文件和 Docker 数据目录的剩余空间，然后重新运行",
        ),
    ),
    "LLM311": Message(
        Text("{source} does not hold the image {ref} ({image})", "{source} 中没有镜像 {ref}（{image}）"),
        Text(
            "what was loaded is removed again; replace the archive, or give the id of the image that it holds in "
            "appliance_images",
            "已删除刚加载的内容；请更换归档，或在 appliance_images 中填写归档内镜像的 ID",
        ),
    ),
    "LLM313": Message(
        Text(
            "{image} has neither id nor digest: the tag may point elsewhere tomorrow",
            "{image} 既没有 id 也没有 digest：标签以后可能指向其他镜像",
        ),
        Text("give its id or digest in appliance_images", "请在 appliance_images 中给出其 id 或 digest"),
    ),
    "LLM314": Message(
        Text("registry {registry}: {problem}", "镜像仓库 {registry}：{problem}"),
        Text("correct it in docker_registries", "请在 docker_registries 中改正"),
    ),
    "LLM315": Message(
        Text(
            "CDI is asked for, but Docker {docker} does not support it; version {least} is the first that does",
            "要求使用 CDI，但 Docker {docker} 不支持；从 {least} 版起才支持",
        ),
        Text(
            "set nvidia_container_toolkit_mode: auto (or runtime), or docker_source: docker for a newer Docker",
            "请设置 nvidia_container_toolkit_mode: auto（或 runtime），或用 docker_source: docker 安装较新的 Docker",
        ),
    ),
    "LLM316": Message(
        Text(
            "the signing key at {source} is not the pinned one: expected {wish}, found {shown}",
            "{source} 的签名密钥与固定的指纹不符：应为 {wish}，实际为 {shown}",
        ),
        Text(
            "check the address {source}; if the publisher announced a new key, pin that one's fingerprint instead "
            "of {wish}",
            "请检查地址 {source}；若发布方已公告更换密钥，请用新的指纹替换 {wish}",
        ),
    ),
    "LLM317": Message(
        Text("{name}: Docker could not start with {value!r}", "{name}：取值 {value!r} 会使 Docker 无法启动"),
        Text("write it like this: {example}", "写法示例：{example}"),
    ),
    "LLM318": Message(
        Text("{name}: {value!r} is not the fingerprint of a key", "{name}：{value!r} 不是密钥指纹"),
        Text(
            "set {name} to the 40 hexadecimal digits of the repository's key",
            "请把 {name} 设为软件源密钥的 40 位十六进制指纹",
        ),
    ),
    "LLM319": Message(
        Text("Docker does not answer: {said}", "Docker 无响应：{said}"),
        Text("look at `systemctl status docker`", "请查看 `systemctl status docker`"),
    ),
    "LLM320": Message(
        Text("image archive cannot be read: {listed}", "无法读取镜像归档：{listed}"),
        Text(
            "correct appliance_image_archives or bring the server back",
            "请改正 appliance_image_archives 或恢复该服务器",
        ),
    ),
    "LLM321": Message(
        Text(
            "image {image} takes {needed} (compressed), but only {free} is free on {root}",
            "镜像 {image} 压缩后为 {needed}，而 {root} 只剩 {free}",
        ),
        Text(
            "free space on {root}, or set docker_data_root to a larger disk",
            "请清理 {root}，或将 docker_data_root 设到更大的磁盘上",
        ),
    ),
    "LLM322": Message(
        Text("`docker pull {name}` failed: {reason}", "`docker pull {name}` 失败：{reason}"),
        Text(
            "try `docker pull {name}` on the node: it names the network or registry that fails",
            "请在节点上执行 `docker pull {name}`，查看是网络还是镜像仓库的问题",
        ),
    ),
    "LLM327": Message(
        Text("the signing key at {url} cannot be fetched: {error}", "无法获取签名密钥 {url}：{error}"),
        Text(
            "try `curl -I {url}` on the node; without a way out use a mirror of it, or the offline bundle "
            "(appliance_source: bundle)",
            "请在节点上执行 `curl -I {url}`；无法访问时请改用其镜像，或离线包（appliance_source: bundle）",
        ),
    ),
    "LLM328": Message(
        Text("there is no unit {unit}", "没有 {unit} 这个服务单元"),
        Text(
            "run site.yml, whose roles install {unit}",
            "请运行 site.yml，由其角色安装 {unit}",
        ),
    ),
    "LLM329": Message(
        Text("there is no running Docker engine", "没有正在运行的 Docker 引擎"),
        Text("run role docker first (site.yml does)", "请先运行 docker 角色（site.yml 会执行）"),
    ),
    "LLM301": Message(
        Text(
            "Docker here is a {kind} installation ({path}); it cannot reach GPUs and the models folder",
            "该节点的 Docker 为 {kind} 安装（{path}），无法访问 GPU 和模型目录",
        ),
        Text(
            "remove it (snap remove docker, or the rootless service) and run again: role docker installs the package",
            "请卸载它（`snap remove docker` 或停用 rootless 服务）后重新运行：docker 角色会安装软件包",
        ),
    ),
    "LLM312": Message(
        Text(
            "{unit} {why}",
            "{unit} {why}",
        ),
        Text(
            "read the log lines below, correct the cause and run again; `journalctl -u {unit}` has all of them",
            "请阅读下面的日志，改正原因后重新运行；完整日志见 `journalctl -u {unit}`",
        ),
    ),
    "LLM330": Message(
        Text(
            "{unit} was not started: {stamp} is missing, so its files are not verified",
            "{unit} 未启动：缺少 {stamp}，所需文件未经校验",
        ),
        Text(
            "run role weights (site.yml does), then run again",
            "请运行 weights 角色（site.yml 会执行），然后重试",
        ),
    ),
    "LLM360": Message(
        Text(
            "{source} holds {ref} as {held}, but {image} is wanted",
            "{source} 中的 {ref} 为 {held}，与要求的 {image} 不符",
        ),
        Text(
            "if the archive is the right one, set id: {id} for it in appliance_images; else replace the archive",
            "若归档正确，请在 appliance_images 中设置 id: {id}；否则请更换归档",
        ),
    ),
    "LLM332": Message(
        Text(
            "{names} can't be there beside {wanted}, and would have to go, with the containers that run in it",
            "{names} 与 {wanted} 不能共存，安装后前者及其中运行的容器会被移除",
        ),
        Text(
            "if it shall go: `{command}` (images and data in /var/lib/docker stay); if the Docker that is there shall "
            "stay: docker_source: docker for Docker's own packages, docker_source: distribution for the distribution's",
            "若可移除：`{command}`（/var/lib/docker 中的镜像与数据保留）；若要保留现有 Docker：Docker 官方软件包设置 "
            "docker_source: docker，发行版软件包设置 docker_source: distribution",
        ),
    ),
    "LLM333": Message(
        Text(
            "no archive of {image} was made for the other nodes, so each brings it from outside by itself: {problem}",
            "未能为其他节点生成 {image} 的归档，各节点将自行从外部获取：{problem}",
        ),
        Text(
            "nothing has to be done where they reach the archive or the registry; for the next run free space on this "
            "disk, or set engine_cache_dir or docker_data_root to a larger one",
            "若这些节点能访问归档或镜像仓库，则无需处理；否则请在下次运行前清理该磁盘，"
            "或将 engine_cache_dir 或 docker_data_root 设到更大的磁盘上",
        ),
    ),
    "LLM334": Message(
        Text(
            "{image} could not be taken from the head, so this node brings it from outside by itself: {problem}",
            "未能从首节点获取 {image}，该节点将自行从外部获取：{problem}",
        ),
        Text(
            "nothing has to be done where this node reaches the archive or the registry; otherwise remove the named "
            "reason: the nodes take it over port weights_share_port of the head",
            "若该节点能访问归档或镜像仓库，则无需处理；否则请排除上述原因：各节点通过首节点的 weights_share_port "
            "端口获取镜像",
        ),
    ),
    "LLM340": Message(
        Text("isolation_users: {name} is no user's name", "isolation_users：{name} 不是用户名"),
        Text(
            "set isolation_users to names or numbers of this node's users, like [nagios]",
            "请把 isolation_users 设为该节点的用户名或编号，例如 [nagios]",
        ),
    ),
    "LLM341": Message(
        Text(
            "the rules that keep the inner ports from other users of this node are not loaded as they should be",
            "限制该节点其他用户访问内部端口的规则未按要求加载",
        ),
        Text(
            "run `systemctl restart yitiji-guard` and look at `journalctl -u yitiji-guard`",
            "请执行 `systemctl restart yitiji-guard`，并查看 `journalctl -u yitiji-guard`",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "image_not_pinned": Text(
        "the plan pins {pinned}, and the head's archive holds {held}",
        "方案固定的是 {pinned}，而首节点的归档中为 {held}",
    ),
    "image_no_room": Text("{folder} has {free} free, and {needed} are needed", "{folder} 剩余 {free}，需要 {needed}"),
    "docker_flag": Text(
        "Docker can't start with {option} in it, as {file} gives {flag} on the command line",
        "{file} 的命令行已给出 {flag}，文件中再写 {option} 会使 Docker 无法启动",
    ),
    "docker_flag_remedy": Text(
        "take {option} out of {name} (and of docker_daemon_options), or take the flag away: `systemctl edit docker` "
        "with an empty ExecStart= and then the command without it",
        "请从 {name}（以及 docker_daemon_options）中删去 {option}；或去掉该参数：用 `systemctl edit docker` "
        "先写空的 ExecStart=，再写不含该参数的命令",
    ),
    "docker_other_file": Text(
        "docker.service reads its options from {other} instead", "docker.service 改从 {other} 读取配置"
    ),
    "docker_other_file_remedy": Text(
        "take --config-file out of docker.service (`systemctl cat docker` shows where it stands) and move its options "
        "to {name}",
        "请从 docker.service 中去掉 --config-file（用 `systemctl cat docker` 查看位置），并将其选项移到 {name}",
    ),
    "docker_says": Text("Docker would not start with it: {said}", "Docker 无法以此配置启动：{said}"),
    "docker_unknown": Text(
        "Docker knows no option {option}; {meant} is probably meant", "Docker 没有 {option} 选项，可能应为 {meant}"
    ),
    "docker_says_remedy": Text(
        "correct what it names in {name} or in docker_daemon_options; `dockerd --validate` checks the file",
        "请在 {name} 或 docker_daemon_options 中改正所指之处；可用 `dockerd --validate` 检查",
    ),
    "json_line": Text(
        "it is not valid JSON: line {line}, column {column}: {said}",
        "不是有效的 JSON：第 {line} 行第 {column} 列：{said}",
    ),
    "json_object": Text("it is not valid JSON: it does not hold a JSON object", "不是有效的 JSON：内容不是 JSON 对象"),
    "login_password": Text("password", "密码"),
    "login_username": Text("username", "用户名"),
    "registry_authority": Text(
        "the certificate authority given for it is not in PEM form",
        "为其提供的 CA 证书不是 PEM 格式",
    ),
    "registry_authority_remedy": Text(
        "give the text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, for example by "
        "lookup('ansible.builtin.file', …)",
        "请给出从 -----BEGIN CERTIFICATE----- 到 -----END CERTIFICATE----- 的文本，例如用 "
        "lookup('ansible.builtin.file', …)",
    ),
    "registry_login": Text("the login lacks its {lacking}", "登录信息缺少{lacking}"),
    "registry_login_remedy": Text(
        "give both in docker_registries (the password from a vault, or password_file on the node), or neither",
        "请在 docker_registries 中同时给出两者（密码放在 vault 中，或用节点上的 password_file），或都不给",
    ),
    "registry_name": Text("this is not the name of a registry", "这不是镜像仓库的名称"),
    "registry_name_remedy": Text(
        "write it in docker_registries as in an image's name: host or host:port, without https://",
        "请在 docker_registries 中按镜像名的写法填写（主机或 host:port），不带 https://",
    ),
    "registry_password": Text("its password: {why}", "密码：{why}"),
    "registry_password_remedy": Text(
        "put the password into {path}, owner root, mode 0600",
        "请将密码写入 {path}，属主 root，权限 0600",
    ),
    "its condition": Text("its condition", "其启动条件"),
    "a unit that failed": Text("failed ({result})", "运行失败（{result}）"),
    "a unit that keeps ending": Text("ended {times} times while it was starting", "在启动过程中退出了 {times} 次"),
}
