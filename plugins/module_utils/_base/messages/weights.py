# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 6: the weights of models."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM601": Message(
        Text("{path} is incomplete or not the listed file: {detail}", "{path} 不完整或与清单不符：{detail}"),
        Text(
            "run again; if that does not help, the hub's copy is broken: set another appliance_modelscope_endpoint "
            "or appliance_source",
            "请重新运行；若仍失败则为源站副本损坏，请更换 appliance_modelscope_endpoint 或 appliance_source",
        ),
    ),
    "LLM602": Message(
        Text("{path} is not a usable model file: {detail}", "{path} 不是可用的模型文件：{detail}"),
        Text(
            "check the model on the hub, or set another appliance_model; a Git LFS pointer or a partial split "
            "set must be uploaded again",
            "请检查模型站上的模型，或更换 appliance_model；Git LFS 指针文件或不完整的分片需要重新上传",
        ),
    ),
    "LLM603": Message(
        Text("{path} names shards that are missing: {detail}", "{path} 引用的分片缺失：{detail}"),
        Text(
            "widen weights_include / weights_exclude, or choose another revision",
            "请放宽 weights_include / weights_exclude，或更换版本（revision）",
        ),
    ),
    "LLM605": Message(
        Text("cannot reach {url}: {detail}", "无法访问 {url}：{detail}"),
        Text(
            "check name resolution, route, proxy and appliance_modelscope_endpoint, or use source: directory",
            "请检查域名解析、路由、代理与 appliance_modelscope_endpoint，或使用 source: directory",
        ),
    ),
    "LLM606": Message(
        Text("model {model} is not on {url}", "{url} 上没有模型 {model}"),
        Text(
            "check the spelling of the model id (owner/name); a private model needs appliance_modelscope_token",
            "请检查模型 id（owner/name）；私有模型需要设置 appliance_modelscope_token",
        ),
    ),
    "LLM607": Message(
        Text(
            "model {model} has no revision {revision} (known: {detail})",
            "模型 {model} 没有版本 {revision}（已有：{detail}）",
        ),
        Text(
            "set weights_revision to one of these",
            "请将 weights_revision 设为其中之一",
        ),
    ),
    "LLM608": Message(
        Text("{url} refuses access: {detail}", "{url} 拒绝访问：{detail}"),
        Text(
            "set appliance_modelscope_token to a valid token with access to the model",
            "请设置有权访问该模型的 appliance_modelscope_token",
        ),
    ),
    "LLM609": Message(
        Text("the certificate of {url} is not trusted: {detail}", "{url} 的证书不可信：{detail}"),
        Text(
            "check the clock (`timedatectl`) and the certificate, or set weights_ca_path to the site's own CA",
            "请检查系统时间（`timedatectl`）与证书，或将 weights_ca_path 设为内部 CA",
        ),
    ),
    "LLM610": Message(
        Text("the listing of {model} cannot be used: {detail}", "{model} 的文件清单不可用：{detail}"),
        Text(
            "nothing was written; set another appliance_model, weights_revision or appliance_modelscope_endpoint",
            "未写入任何文件；请更换 appliance_model、weights_revision 或 appliance_modelscope_endpoint",
        ),
    ),
    "LLM611": Message(
        Text("{path} could not be fetched from {url}: {detail}", "无法从 {url} 获取 {path}：{detail}"),
        Text("run again: it continues at the byte where it stopped", "请重新运行：将从中断处继续"),
    ),
    "LLM612": Message(
        Text("{path} arrived {detail} times with a wrong sha256", "{path} 连续 {detail} 次 sha256 校验失败"),
        Text(
            "the hub's copy or a proxy in between is broken: set another appliance_modelscope_endpoint or "
            "weights_revision",
            "源站副本或中间代理有问题：请更换 appliance_modelscope_endpoint 或 weights_revision",
        ),
    ),
    "LLM613": Message(
        Text("another run works on {path}: {detail}", "另一个任务正在处理 {path}：{detail}"),
        Text("wait for it or stop it, then run again", "请等待其完成或结束它，然后重新运行"),
    ),
    "LLM614": Message(
        Text("cannot write {path}: {detail}", "无法写入 {path}：{detail}"),
        Text("check the disk, the mount and the permissions, and run again", "请检查磁盘、挂载与权限，然后重新运行"),
    ),
    "LLM615": Message(
        Text("the source directory {path} cannot be used: {detail}", "源目录 {path} 不可用：{detail}"),
        Text(
            "set appliance_source_dir to a directory that holds the model's files (or owner/name below it)",
            "请将 appliance_source_dir 设为包含模型文件的目录（或其上级，内含 owner/name）",
        ),
    ),
    "LLM616": Message(
        Text("{path} is not verified: {detail}", "{path} 未通过校验：{detail}"),
        Text("run the weights role again", "请重新运行 weights 角色"),
    ),
    "LLM617": Message(
        Text("the download was stopped: {detail}", "下载已停止：{detail}"),
        Text("run again: it continues where it stopped", "请重新运行：将从中断处继续"),
    ),
    "LLM618": Message(
        Text(
            "the model changed on {url} while it was being fetched: {detail}",
            "下载期间 {url} 上的模型发生变化：{detail}",
        ),
        Text(
            "run again, or set weights_revision to a fixed tag",
            "请重新运行，或将 weights_revision 设为固定标签",
        ),
    ),
    "LLM619": Message(
        Text("{path} is in use: {detail}", "{path} 正在使用中：{detail}"),
        Text(
            "stop the service that uses it (`systemctl stop yitiji-…`), then run again",
            "请先停止使用它的服务（`systemctl stop yitiji-…`），然后重新运行",
        ),
    ),
    "LLM620": Message(
        Text("{model} at {url} is not what was planned: {detail}", "{url} 上的 {model} 与方案不一致：{detail}"),
        Text(
            "run site.yml again, which plans with what is there now; nodes with earlier files need "
            "weights_update: true",
            "请重新运行 site.yml，按现有文件规划；已有旧文件的节点请设置 weights_update: true",
        ),
    ),
    "LLM640": Message(
        Text(
            "the list of files of {model} at {url} is not the expected one: {detail} instead of {wanted}",
            "{url} 上 {model} 的文件清单与预先给定的不一致：{detail}，应为 {wanted}",
        ),
        Text(
            "nothing was fetched; find out who changed the source, or correct weights_manifest_sha256",
            "未下载任何文件；请查明源被谁改动，或更正 weights_manifest_sha256",
        ),
    ),
    "LLM641": Message(
        Text(
            "nothing says that {url} are the nodes of this run, and nothing binds the files of {model} that they offer",
            "无法确认 {url} 是本次运行的节点，也没有任何依据核对其提供的 {model} 文件",
        ),
        Text(
            "use role weights (site.yml), which brings certificates of the run, or set weights_manifest_sha256",
            "请使用角色 weights（site.yml，会分发本次运行的证书），或设置 weights_manifest_sha256",
        ),
    ),
    "LLM643": Message(
        Text(
            "the files of {model} that the node was told are not those of the signed bundle: {detail}",
            "节点得到的 {model} 文件清单与已签名的离线包不一致：{detail}",
        ),
        Text(
            "nothing was fetched; find out who answers between node and controller, and run again",
            "未下载任何文件；请查明节点与控制机之间由谁应答，然后重新运行",
        ),
    ),
    "LLM650": Message(
        Text(
            "{model} has weights as Python pickles ({detail}), which run whatever is in them when they are loaded",
            "{model} 的权重是 Python pickle 文件（{detail}），加载时会执行其中的任意程序",
        ),
        Text(
            "take a repository with safetensors or GGUF, or write in appliance_allow_pickle why you trust this one",
            "请使用 safetensors 或 GGUF 格式的仓库，或在 appliance_allow_pickle 中写明信任该仓库的理由",
        ),
    ),
    "LLM651": Message(
        Text(
            "{model} asks the engine to run Python code of its repository ({detail})",
            "{model} 要求引擎运行其仓库中的 Python 代码（{detail}）",
        ),
        Text(
            "take a model that the engine has built in, or read that code and give the reason why you trust it in "
            "appliance_allow_remote_code",
            "请使用引擎自带支持的模型，或审阅该代码后在 appliance_allow_remote_code 中写明信任理由",
        ),
    ),
    "LLM652": Message(
        Text("{name} is {value}, which is no reason", "{name} 的值 {value} 不是理由"),
        Text(
            "write into {name} in a few words why the programs of this repository are trusted, or leave it empty",
            "请在 {name} 中用一句话写明为何信任该仓库的程序，或留空",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "the hub": Text("the hub", "模型站点"),
}
