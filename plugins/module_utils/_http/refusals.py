# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Troubles with weights: what is wrong, where, and what to do, in English and Chinese."""

from __future__ import annotations

import socket
from typing import Any, Dict, NoReturn, Tuple

# id -> (English, Chinese, remedy in English, remedy in Chinese)
TEXTS: Dict[str, Tuple[str, str, str, str]] = {
    "LLM101": (
        "{path} has {free} free, {need} are needed for {model}",
        "{path} 剩余 {free}，{model} 还需要 {need}",
        "free space there, or set weights_dest / appliance_weights_dir to a larger disk",
        "请清理该磁盘，或将 weights_dest / appliance_weights_dir 指向更大的磁盘",
    ),
    "LLM601": (
        "{path} is incomplete or not the listed file: {detail}",
        "{path} 不完整或与清单不符：{detail}",
        "run again; if it stays, the hub's copy is broken: set another endpoint or source",
        "请重新运行；若仍失败则为源站副本损坏，请更换 endpoint 或 source",
    ),
    "LLM602": (
        "{path} is not a usable model file: {detail}",
        "{path} 不是可用的模型文件：{detail}",
        "check the repository; a Git LFS pointer or a partial split set must be uploaded again",
        "请检查仓库；Git LFS 指针文件或不完整的分片需要重新上传",
    ),
    "LLM603": (
        "{path} names shards that are missing: {detail}",
        "{path} 引用的分片缺失：{detail}",
        "widen weights_include / weights_exclude, or choose another revision",
        "请放宽 weights_include / weights_exclude，或更换版本（revision）",
    ),
    "LLM605": (
        "cannot reach {url}: {detail}",
        "无法访问 {url}：{detail}",
        "check name resolution, route, proxy and appliance_modelscope_endpoint, or use source: directory",
        "请检查域名解析、路由、代理与 appliance_modelscope_endpoint，或使用 source: directory",
    ),
    "LLM606": (
        "model {model} is not on {url}",
        "{url} 上没有模型 {model}",
        "check the spelling of the model id (owner/name); a private model needs appliance_modelscope_token",
        "请检查模型 id（owner/name）；私有模型需要设置 appliance_modelscope_token",
    ),
    "LLM607": (
        "model {model} has no revision {revision} (known: {detail})",
        "模型 {model} 没有版本 {revision}（已有：{detail}）",
        "set revision to one of these",
        "请将 revision 设为其中之一",
    ),
    "LLM608": (
        "{url} refuses access: {detail}",
        "{url} 拒绝访问：{detail}",
        "set appliance_modelscope_token to a valid token with access to the model",
        "请设置有权访问该模型的 appliance_modelscope_token",
    ),
    "LLM609": (
        "the certificate of {url} is not trusted: {detail}",
        "{url} 的证书不可信：{detail}",
        "check the clock and the certificate, or set ca_path to the site's own CA",
        "请检查系统时间与证书，或将 ca_path 设为内部 CA",
    ),
    "LLM610": (
        "the listing of {model} cannot be used: {detail}",
        "{model} 的文件清单不可用：{detail}",
        "choose another model, revision or endpoint; nothing was written",
        "请更换模型、版本或 endpoint；未写入任何文件",
    ),
    "LLM611": (
        "{path} could not be fetched from {url}: {detail}",
        "无法从 {url} 获取 {path}：{detail}",
        "run again: it goes on at the byte where it stopped",
        "请重新运行：将从中断处继续",
    ),
    "LLM612": (
        "{path} arrived {detail} times with a wrong sha256",
        "{path} 连续 {detail} 次 sha256 校验失败",
        "the hub's copy or a proxy on the way is broken: set another endpoint, or another revision",
        "源站副本或中间代理有问题：请更换 endpoint 或版本",
    ),
    "LLM613": (
        "another run works on {path}: {detail}",
        "另一个任务正在处理 {path}：{detail}",
        "wait for it, or end it, and run again",
        "请等待其完成或结束它，然后重新运行",
    ),
    "LLM614": (
        "cannot write {path}: {detail}",
        "无法写入 {path}：{detail}",
        "check the disk, the mount and the permissions, and run again",
        "请检查磁盘、挂载与权限，然后重新运行",
    ),
    "LLM615": (
        "the source directory {path} cannot be used: {detail}",
        "源目录 {path} 不可用：{detail}",
        "set source_dir to a directory that holds the model's files (or owner/name below it)",
        "请将 source_dir 设为包含模型文件的目录（或其上级，内含 owner/name）",
    ),
    "LLM616": (
        "{path} is not verified: {detail}",
        "{path} 未通过校验：{detail}",
        "run the weights role again",
        "请重新运行 weights 角色",
    ),
    "LLM617": (
        "the download was stopped: {detail}",
        "下载已停止：{detail}",
        "run again: it goes on where it stopped",
        "请重新运行：将从中断处继续",
    ),
    "LLM618": (
        "the model changed on {url} while it was being fetched: {detail}",
        "下载期间 {url} 上的模型发生变化：{detail}",
        "run again, or set revision to a fixed tag",
        "请重新运行，或将 revision 设为固定标签",
    ),
    "LLM619": (
        "{path} is in use: {detail}",
        "{path} 正在使用中：{detail}",
        "stop the service that uses it, then remove it",
        "请先停止使用它的服务，再删除",
    ),
    "LLM620": (
        "{model} at {url} is not what was planned: {detail}",
        "{url} 上的 {model} 与方案不一致：{detail}",
        "run site.yml again, which plans with what is there now; nodes with earlier files need weights_update: true",
        "请重新运行 site.yml，按现有文件规划；已有旧文件的节点请设置 weights_update: true",
    ),
}


class Trouble(Exception):
    """A failure with a rule id and a remedy."""

    def __init__(self, rule: str, retry: bool = False, **values: Any) -> None:
        self.rule = rule
        self.retry = retry
        self.values = values
        english, chinese, remedy, remedy_zh = TEXTS[rule]
        known = _Values(values)
        self.english = english.format_map(known)
        self.chinese = chinese.format_map(known)
        self.remedy = remedy
        self.remedy_zh = remedy_zh
        super().__init__(self.english)

    def message(self, host: str = "") -> str:
        where = host or socket.gethostname()
        english = f"[{self.rule}] {where}: {self.english}. {_capital(self.remedy)}."
        return f"{english}\n[{self.rule}] {where}：{self.chinese}。{self.remedy_zh}。"

    def result(self) -> Dict[str, Any]:
        return {
            "rule": self.rule,
            "reason": self.english,
            "reason_zh": self.chinese,
            "remedy": self.remedy,
            "remedy_zh": self.remedy_zh,
        }


class _Values(Dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def trouble(rule: str, **values: Any) -> NoReturn:
    raise Trouble(rule, **values)


def size_text(count: float) -> str:
    """1536 -> '1.5 KiB'"""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return ("%d %s" if unit == "B" else "%.1f %s") % (count, unit)
        count /= 1024.0
    return f"{count:.2f} TiB"
