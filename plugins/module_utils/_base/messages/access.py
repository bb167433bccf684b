# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the hundred 8: secrets, the gateway and the firewall."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM801": Message(
        Text("others can reach {ports}", "以下端口对外开放：{ports}"),
        Text(
            "bind it to 127.0.0.1 or stop it; if it is meant to be open, add its port to verify_ports",
            "请改为监听 127.0.0.1 或停止该服务；如确需开放，请将端口加入 verify_ports",
        ),
    ),
    "LLM803": Message(
        Text("{url} answered a request without a key with HTTP {status}", "{url} 对不带密钥的请求返回了 HTTP {status}"),
        Text(
            "run site.yml again: it mounts the engine's key into its container",
            "请重新运行 site.yml：它会把引擎密钥挂载进容器",
        ),
    ),
    "LLM804": Message(
        Text("gateway_routes: {row!r} is not a valid route", "gateway_routes：{row!r} 不是有效的路由"),
        Text(
            "write a method and a path below /v1, for example `POST /v1/messages`",
            "请写成方法加 /v1 下的路径，例如 `POST /v1/messages`",
        ),
    ),
    "LLM807": Message(
        Text(
            "these rules would shut out your own SSH connection ({address} to port {port}); nothing was changed",
            "这些规则会阻断您当前的 SSH 连接（来自 {address}，端口 {port}）；未做任何更改",
        ),
        Text(
            "add {address} to firewall_admin_networks and {port} to firewall_ssh_ports (now {ports})",
            "请将 {address} 加入 firewall_admin_networks，将 {port} 加入 firewall_ssh_ports（现为 {ports}）",
        ),
    ),
    "LLM808": Message(
        Text(
            "no new SSH connection got through the new rules within {seconds} s; {now}",
            "新规则生效后 {seconds} 秒内无法建立新的 SSH 连接；{now}",
        ),
        Text(
            "correct firewall_admin_networks and firewall_ssh_ports",
            "请修正 firewall_admin_networks 与 firewall_ssh_ports",
        ),
    ),
    "LLM809": Message(
        Text(
            "the kernel's table inet yitiji is not the one that was kept",
            "内核中的 `inet yitiji` 表与保存的规则不一致",
        ),
        Text("run site.yml again", "请重新运行 site.yml"),
    ),
    "LLM810": Message(
        Text("{url} did not refuse: {listed}", "{url} 没有拒绝：{listed}"),
        Text(
            "run role gateway again; look for other sites in /etc/nginx",
            "请重新运行角色 `gateway`，并检查 /etc/nginx 中的其他站点",
        ),
    ),
    "LLM811": Message(
        Text("{path} cannot serve: {why}", "{path} 不可用：{why}"),
        Text(
            "put a valid certificate (PEM, with its chain) and its key (without a passphrase) on the node; "
            "gateway_certificate and gateway_certificate_key name them, gateway_acme_ca an ACME service's "
            "authority",
            "请在节点上放好有效的 PEM 证书（含证书链）及与之匹配、不带密码的私钥；由 gateway_certificate 与 "
            "gateway_certificate_key 指定，ACME 服务的 CA 由 gateway_acme_ca 指定",
        ),
    ),
    "LLM812": Message(
        Text("{name}: {value!r} cannot be used", "{name}：{value!r} 不可用"),
        Text("{how}", "{how}"),
    ),
    "LLM813": Message(
        Text("the instructions for users can't be written: {why}", "无法生成接入说明：{why}"),
        Text(
            "set clients_url to https:// and the name that people use, and set a folder you can write to in "
            "clients_controller_dir",
            "请把 clients_url 写成 https:// 加用户所用的名称，并在 clients_controller_dir 中指定控制机上可写的目录",
        ),
    ),
    "LLM820": Message(
        Text("{name}: {value!r} is below {least}", "{name}：{value!r} 小于 {least}"),
        Text("set {name} to {least} or more", "请将 {name} 设为不小于 {least} 的值"),
    ),
    "LLM821": Message(
        Text("gateway_parameters: {value!r} is no parameter's name", "gateway_parameters：{value!r} 不是参数名"),
        Text(
            "write the names of parameters as requests spell them, for example `guided_choice`",
            "请按请求中的写法填写参数名，例如 `guided_choice`",
        ),
    ),
    "LLM822": Message(
        Text(
            "gateway_max_answers: {value} is more than the engines take from one request ({most})",
            "gateway_max_answers：{value} 超过引擎对单个请求的上限（{most}）",
        ),
        Text("set gateway_max_answers to {most} or less", "请将 gateway_max_answers 设为不超过 {most} 的值"),
    ),
    "LLM823": Message(
        Text("gateway_unlimited_sources: {value!r} is no network", "gateway_unlimited_sources：{value!r} 不是网络地址"),
        Text(
            "set gateway_unlimited_sources to addresses or networks, for example 10.0.0.7 or 10.1.0.0/16",
            "请把 gateway_unlimited_sources 设为地址或网段，例如 10.0.0.7 或 10.1.0.0/16",
        ),
    ),
    "LLM814": Message(
        Text("{name}: the check from outside can't use {value!r}", "{name}：取值 {value!r} 无法用于外部验收"),
        Text("{how}", "{how}"),
    ),
    "LLM816": Message(
        Text("the new rules were withdrawn before they were confirmed", "新规则在确认之前已被回滚"),
        Text("run again; raise firewall_probation on a slow node", "请重新运行；节点较慢时增大 firewall_probation"),
    ),
    "LLM733": Message(
        Text(
            "the value given for secret {name} is a known default, shorter than {least} characters, "
            "or has a line break",
            "给定的密钥 {name} 是常见默认值、少于 {least} 个字符或含有换行",
        ),
        Text(
            "give {name} a longer value (from `ansible-vault`), or none to have one generated",
            "请给 {name} 更长的值（放在 `ansible-vault` 中），或留空以自动生成",
        ),
    ),
    "LLM805": Message(
        Text(
            "a team cannot be used: {why}",
            "团队设置有误：{why}",
        ),
        Text(
            "write gateway_keys as a list of {{name, rate, burst, concurrency, state}}; see the role's README",
            "gateway_keys 应为 {{name, rate, burst, concurrency, state}} 的列表；见角色的 README",
        ),
    ),
    "LLM806": Message(
        Text(
            "a network or port is not valid: {why}",
            "网络或端口无效：{why}",
        ),
        Text(
            "write networks like 10.0.0.0/8 or fd00::/8 and ports like 443 or 1024-65535 ({why})",
            "网络写作 10.0.0.0/8 或 fd00::/8，端口写作 443 或 1024-65535（{why}）",
        ),
    ),
    "LLM880": Message(
        Text("gateway_quotas: {why}", "gateway_quotas：{why}"),
        Text(
            "write rows like {{team: research, requests: 1000}} or "
            "{{person: li@example.com, tokens: 200000}}; `*` is everybody else; they need appliance_audit: true",
            "请写成 {{team: research, requests: 1000}} 或 "
            "{{person: li@example.com, tokens: 200000}}，`*` 表示其余所有人；并需 appliance_audit: true",
        ),
    ),
    "LLM881": Message(
        Text("{what} are used up ({most})", "{what}已用完（{most}）"),
        Text(
            "ask again from {reset} (the node's time), or have the operator raise your quota",
            "请在 {reset}（该节点时间）之后再问，或请管理员调高配额",
        ),
    ),
    "LLM882": Message(
        Text(
            "requests can't be recorded for long: the disk of {path} is full", "请求即将无法记录：{path} 所在磁盘已满"
        ),
        Text(
            "the operator makes room there; until then new requests are refused if gateway_audit_when_full is refuse",
            "请管理员清理磁盘；若 gateway_audit_when_full 为 refuse，在此之前会拒绝新请求",
        ),
    ),
    "LLM883": Message(
        Text(
            "records that must be kept are larger than their share of the disk ({most} MB)",
            "必须保留的审计记录已超过其磁盘份额（{most} MB）",
        ),
        Text(
            "raise gateway_audit_share_mb, or lower gateway_audit_days as far as your rules allow",
            "请调大 gateway_audit_share_mb，或在规定允许的范围内调小 gateway_audit_days",
        ),
    ),
    "LLM884": Message(
        Text("the audit can't be read: {why}", "无法读取审计记录：{why}"),
        Text(
            "run it as root or as a member of group yitiji-audit, on a node with appliance_audit: true",
            "请在设有 appliance_audit: true 的节点上，以 root 或 yitiji-audit 组成员身份执行",
        ),
    ),
    "LLM885": Message(
        Text("the page has no account {email}", "对话页面没有账号 {email}"),
        Text(
            "give the address as the page's administrators see it, by -e disable_person=ADDRESS",
            "请用 -e disable_person=地址 给出管理员在页面上看到的邮箱",
        ),
    ),
}

# Parts of messages.
PHRASES: Dict[str, Text] = {
    "a certificate that is over": Text("it is no longer valid", "已过期"),
    "a certificate that is refused": Text("it is refused ({detail})", "无法加载（{detail}）"),
    "a day's requests": Text("the day's requests", "当日的请求次数"),
    "a day's tokens": Text("the day's tokens", "当日的词元数"),
    "a file that cannot be read": Text("it cannot be read on the node ({detail})", "节点上无法读取（{detail}）"),
    "a folder that cannot be written": Text("the controller cannot write to {path}", "控制机无法写入 {path}"),
    "an address that is not one": Text("{value!r} is not an address", "{value!r} 不是有效的地址"),
    "audit: no record": Text("no record: damaged or cut", "不是完整的记录：已损坏或被截断"),
    "audit: missing": Text("records {number} are missing or moved", "记录 {number} 缺失或被移动"),
    "audit: changed": Text("record {number} was changed", "记录 {number} 被修改"),
    "audit: no head": Text("the chain doesn't begin with a segment's head", "链不以分段的首记录开始"),
    "audit: seal": Text("the seal of record {number} is not ours", "记录 {number} 的封签不符"),
    "audit: gone": Text(
        "records up to {number} are gone, and no rule removed them", "记录 {number} 及之前的内容缺失，且并非按规则删除"
    ),
    "audit: not there": Text("{number} is not there", "{number} 不存在"),
    "how long a certificate lasts": Text(
        "set gateway_renew_days to at least 1, and gateway_certificate_days to more than that",
        "gateway_certificate_days 应大于 gateway_renew_days，且后者至少为 1",
    ),
    "how to be named by ACME": Text(
        "use host names: an ACME service accepts no addresses, and no wildcard here",
        "请使用主机域名：ACME 不接受地址，也不支持 *",
    ),
    "how to choose a host": Text("name a host of the inventory, or localhost", "请填写清单中的主机，或 localhost"),
    "how to choose a team": Text("name a team whose key is on the node: {names}", "请填写密钥在节点上的团队：{names}"),
    "how to give a certificate": Text(
        "give gateway_certificate and gateway_certificate_key, both as paths on the node, or neither",
        "请同时给出 gateway_certificate 与 gateway_certificate_key（节点上的路径），或都不给",
    ),
    "how to name a content filter": Text(
        "write http://127.0.0.1:PORT, the address of a proxy on the node itself, or leave it empty",
        "请填写该节点上过滤代理的地址 http://127.0.0.1:端口，或留空",
    ),
    "how to name an ACME service": Text(
        "write the address of the ACME service's directory",
        "请填写 ACME 服务目录的地址",
    ),
    "how to name the appliance": Text(
        "list the names and addresses under which people open the appliance, without https:// and ports",
        "请列出用户访问一体机所用的名称或地址，不带 https:// 与端口",
    ),
    "how to write a number": Text("give a number above 0", "请填写大于 0 的数"),
    "how to write a policy": Text(
        "leave out double quotes, backslashes, $ and line breaks",
        "请去掉双引号、反斜杠、$ 与换行",
    ),
    "how to write a size": Text("write a size as nginx does: 512m, 1g", "请按 nginx 的写法填写大小：512m、1g"),
    "how to write an address": Text("write https:// and the name that people use", "请写成 https:// 加用户所用的名称"),
    "how to write seconds": Text("give a number of seconds above 0", "请填写大于 0 的秒数"),
}
