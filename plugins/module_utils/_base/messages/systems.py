# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""More of the hundreds 1, 3 and 4: distributions, repositories of others, addresses of a cluster."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM105": Message(
        Text("{problem}", "{problem}"),
        Text(
            "install one of these: {served}; or, for a derivative of one of them, set appliance_distribution_like to "
            "its entry (docs/distributions.md)",
            "请安装以下系统之一：{served}；若为其衍生版，可将 appliance_distribution_like 设为相应条目"
            "（docs/distributions.md）",
        ),
    ),
    "LLM106": Message(
        Text(
            "the modules need Python 3.8 or newer on the node; {used} can't run them. Found: {found}",
            "节点上的模块需要 Python 3.8 或更新版本，{used} 无法运行。现有：{found}",
        ),
        Text(
            "install Python 3.8 or newer and name it in ansible_python_interpreter",
            "请安装 Python 3.8 或更新版本，并用 ansible_python_interpreter 指定",
        ),
    ),
    "LLM155": Message(
        Text(
            "appliance_distribution_like: there is no entry {name!r}", "appliance_distribution_like：没有条目 {name!r}"
        ),
        Text("name one of: {known}", "请使用以下之一：{known}"),
    ),
    "LLM156": Message(
        Text("{distribution} has no package for {name}", "{distribution} 没有提供 {name} 的软件包"),
        Text(
            "turn off what needs it, or name packages for it in a folder of appliance_catalog_dirs "
            "(distributions/*.yml)",
            "请关闭需要它的功能，或在 appliance_catalog_dirs 的目录中（distributions/*.yml）指定软件包",
        ),
    ),
    "LLM401": Message(
        Text(
            "{node}: {address} is not the IP address of an interface of it, which nodes that compute together need",
            "{node}：{address} 不是该节点某个接口的 IP 地址，多节点部署需要",
        ),
        Text(
            "set appliance_data_address of {node} to its address in the network between the nodes",
            "请为 {node} 设置 appliance_data_address（节点间网络的地址）",
        ),
    ),
    "LLM165": Message(
        Text("the package repository can't be read: {url}: {error}", "无法读取软件源 {url}：{error}"),
        Text(
            "check the node's way to it (proxy, DNS, firewall), set the role's *_repository_url to a mirror that the "
            "node reaches, or install from an offline bundle (`appliance_source: bundle`)",
            "请检查节点到该地址的网络（代理、DNS、防火墙），将该角色的 *_repository_url 设为节点可访问的镜像，"
            "或使用离线包（`appliance_source: bundle`）",
        ),
    ),
    "LLM331": Message(
        Text(
            "SELinux is on, and the commands that tell it what a service may do are missing: {tools}",
            "SELinux 已启用，但缺少用于配置它的命令：{tools}",
        ),
        Text(
            "run `dnf install policycoreutils-python-utils policycoreutils` on the node",
            "请在节点上执行 `dnf install policycoreutils-python-utils policycoreutils`",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "below.bad": Text("{where}: {wrong}", "{where}：{wrong}"),
    "below.kernel": Text("the kernel is {there} and must be {wanted} or newer", "内核为 {there}，须为 {wanted} 或更新"),
    "below.libc": Text("glibc is {there} and must be {wanted} or newer", "glibc 为 {there}，须为 {wanted} 或更新"),
    "below.cpu": Text("the CPU has no {wanted}{missing}", "CPU 不支持 {wanted}{missing}"),
    "below.architecture": Text("it is made for {wanted}, the machine is {there}", "仅适用于 {wanted}，该机为 {there}"),
    "python.name": Text(
        "set ansible_python_interpreter: {path} for this node in the inventory",
        "请在清单中为该节点设置 ansible_python_interpreter: {path}",
    ),
    "python.install": Text(
        "install a newer one beside it on the node (for example `{command}`) and name it in "
        "ansible_python_interpreter; the system's own must stay as it is",
        "请在节点上另装较新版本（例如 `{command}`），并用 ansible_python_interpreter 指定；系统自带的 Python 请勿改动",
    ),
    "distribution.bad": Text("distribution {name}: {wrong}", "发行版 {name}：{wrong}"),
    "distribution.unknown": Text("{label} is not served", "不支持 {label}"),
    "distribution.no": Text("{label} is not served: {why}", "不支持 {label}：{why}"),
    "distribution.manager": Text(
        "{label} is not served yet: its package manager ({manager}) is not known here",
        "暂不支持 {label}：尚未适配其软件包管理器（{manager}）",
    ),
    "distribution.command": Text(
        "{label} has no {command}, with which its packages are installed", "{label} 上没有用于安装软件包的 {command}"
    ),
    "distribution.architecture": Text(
        "{label} is not served on {architecture}", "不支持 {architecture} 架构上的 {label}"
    ),
}
