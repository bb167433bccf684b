# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of a new site as a commented file."""

from __future__ import annotations

import json
import os
from typing import Any, Iterator, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.answers import Site
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.interview import in_language
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.nodes import LOCAL, Node

FILE = "hosts.yml"
HEAD = Text(
    "Site {name}, profile {profile}. Written by playbooks/new_site.yml; change it as you like.",
    "站点 {name}，档位 {profile}。由 playbooks/new_site.yml 生成，可随意修改。",
)
PLAN = Text("Plan it, without any machine: {command}", "不连接机器即可规划：{command}")
CHECK = Text("Check the nodes, changing nothing: {command}", "检查节点，不作任何改动：{command}")
SITE = Text("Set it up; again whenever you like: {command}", "部署，可随时重复执行：{command}")
HARDWARE = Text(
    "for plans before the machines are there; what is read of a real node wins over it",
    "用于设备到货前的规划；读取到的真实硬件优先",
)
SSH = Text("how Ansible logs in", "Ansible 的登录方式")
ADMIN = Text(
    "SSH is open to these networks alone; the machine that runs Ansible must be in one",
    "仅这些网段可以 SSH 登录；运行 Ansible 的机器须在其中",
)
ADMIN_ALL = Text(
    "SSH is open to everybody; better name the operators' networks", "SSH 对所有地址开放；建议限定为运维网段"
)
INTERNET = Text("packages, images and weights come from the internet", "软件包、镜像与权重来自互联网")
PROXY = Text(
    "the site's proxy; NO_PROXY names what is reached without it, so add hosts of your own",
    "站点代理；NO_PROXY 列出无需代理的主机，请补充自有主机",
)
MIRROR = Text("from mirrors of the site", "来自站内镜像")
OTHERS = Text("mirrors of other packages, where they are used", "其他软件包的镜像，按需填写")
BUNDLE = Text("everything from an offline bundle (docs/bundle.md)", "全部来自离线包（docs/bundle.zh.md）")
SIGNER = Text("the only key whose signature counts", "唯一有效的签名公钥")
OFTEN = Text("often set next; each role's README has all of its variables", "其他常用设置；全部变量见各角色的 README")
NODES = Text("the first one is the head: users meet it alone", "第一个是首节点，用户只访问它")
# Left for the operator to switch on.
MORE = ("appliance_monitoring: false", "appliance_https_port: 443", "backup_enabled: true",
        "bundle_targets: [{release: bookworm, architecture: amd64}]")  # fmt: skip
OTHER_MIRRORS = ("gateway_repository_url", "nvidia_container_toolkit_repository_url", "nvidia_driver_repository_url",
                 "monitoring_repository_url")  # fmt: skip


def inventory(site: Site, titles: Mapping[str, Text]) -> str:
    """The whole file; `titles`: what profiles are called."""
    return "\n".join(_lines(site, titles)) + "\n"


def _lines(site: Site, titles: Mapping[str, Text]) -> Iterator[str]:
    def note(text: Text, indent: int = 10, **values: Any) -> List[str]:
        return [f"{' ' * indent}# {line}" for line in in_language(text.filled(values), site.language)]

    title = titles.get(site.profile, Text(site.profile, site.profile))
    yield "---"
    yield from note(
        HEAD, 0, name=site.name, profile=Text(f"{site.profile} ({title.en})", f"{site.profile}（{title.zh}）")
    )
    for text in next_steps(site):
        yield from note(text, 0)
    yield from ("all:", "  children:", "    appliances:", "      children:", f"        {site.name}:", "          vars:")
    pad = " " * 12
    yield f"{pad}appliance_deployment: {site.name}"
    yield f"{pad}appliance_profile: {scalar(site.profile)}"
    if site.language != "both":
        yield f"{pad}appliance_language: {site.language}"
    yield from note(HARDWARE, 12)
    yield f"{pad}appliance_hardware: {flow(site.hardware)}"
    yield from note(SSH, 12)
    yield f"{pad}ansible_user: {scalar(site.user)}"
    if site.user != "root":
        yield f"{pad}ansible_become: true"
    yield from note(ADMIN if site.admin_networks else ADMIN_ALL, 12)
    yield (
        pad
        + ("" if site.admin_networks else "# ")
        + f"firewall_admin_networks: {flow(site.admin_networks or ['10.0.0.0/8'])}"
    )
    yield from _source(site, note)
    yield from note(OFTEN, 12)
    yield from (f"{pad}# {line}" for line in MORE)
    yield from note(NODES, 10)
    yield "          hosts:"
    for node in site.nodes:
        yield from _node(node)


def next_steps(site: Site) -> Iterator[Text]:
    for text, playbook in ((PLAN, "plan"), (CHECK, "preflight"), (SITE, "site")):
        yield text.filled({"command": f"ansible-playbook yitiji.deepseek.{playbook} -i {quoted(site.path)}"})


def _source(site: Site, note: Any) -> Iterator[str]:
    pad = " " * 12
    if site.source == "bundle":
        yield from note(BUNDLE, 12)
        yield f"{pad}appliance_source: bundle"
        yield f"{pad}appliance_bundle: {scalar(site.bundle)}"
        yield from note(SIGNER, 12)
        yield (
            pad
            + ("" if site.signer else "# ")
            + f"appliance_bundle_signer: {scalar(site.signer or 'ssh-ed25519 AAAA')}"
        )
        return
    yield from note(MIRROR if site.source == "mirror" else INTERNET, 12)
    yield f"{pad}appliance_source: modelscope"
    if site.proxy:
        yield from note(PROXY, 12)
        yield f"{pad}appliance_environment:"
        yield f"{pad}  HTTP_PROXY: {scalar(site.proxy)}"
        yield f"{pad}  HTTPS_PROXY: {scalar(site.proxy)}"
        yield f"{pad}  NO_PROXY: {scalar(','.join(['localhost', '127.0.0.1', *_own(site.nodes)]))}"
    if site.hub:
        yield f"{pad}appliance_modelscope_endpoint: {scalar(site.hub)}"
    if site.registry:
        yield f"{pad}docker_registry_mirrors: {flow([site.registry])}"
    if site.packages:
        yield f"{pad}docker_repository_url: {scalar(site.packages)}"
    if site.source == "mirror":
        yield from note(OTHERS, 12)
        yield from (
            f"{pad}# {name}: https://mirror.example.com/{name.rpartition('_repository')[0]}" for name in OTHER_MIRRORS
        )


def _own(nodes: Sequence[Node]) -> Iterator[str]:
    """The nodes speak to each other without the proxy."""
    for node in nodes:
        if node.address != LOCAL:
            yield node.address or node.name
        if node.data_address:
            yield node.data_address


def _node(node: Node) -> Iterator[str]:
    facts = []
    if node.address == LOCAL:
        facts.append("ansible_connection: local")
    elif node.address:
        facts.append(f"ansible_host: {scalar(node.address)}")
    if node.port:
        facts.append(f"ansible_port: {node.port}")
    if node.data_address:
        facts.append(f"appliance_data_address: {scalar(node.data_address)}")
    yield f"            {scalar(node.name)}:" + ("" if facts else " {}")
    yield from (f"              {fact}" for fact in facts)


def scalar(text: str) -> str:
    """A text as YAML: JSON's quotes wherever it could be read as something else."""
    plain = text.isascii() and text[:1].isalpha() and all(sign.isalnum() or sign in "._/-" for sign in text)
    address = text.count(".") == 3 and text.replace(".", "").isdigit()
    words = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")
    return text if (plain and text.lower() not in words) or address else json.dumps(text, ensure_ascii=False)


def flow(value: Any) -> str:
    """Lists and mappings on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    return scalar(value) if isinstance(value, str) else str(value)


def quoted(path: str) -> str:
    """A path for a shell."""
    safe = all(sign.isalnum() or sign in "._/-~" for sign in path)
    return path if safe else "'" + path.replace("'", "'\\''") + "'"


def place(path: str) -> str:
    return os.path.join(path, FILE)
