# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the gateway's settings and with those of its hand-outs, found before anything is changed."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.gather import gathered
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import keys, routes
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms

SIZE = re.compile(r"^[1-9][0-9]*[kKmMgG]?$")


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """By the names of the role's variables, besides `catalog` (routes), `engine` and `servers` (host:port)."""
    return [
        *_routes(settings),
        *_teams(settings),
        *_names(settings),
        *_certificate(settings),
        *_limits(settings),
        *_ports(settings),
        *forms.path_problems(
            {name: settings[name] for name in ("gateway_tls_dir", "gateway_secrets_dir", "gateway_state_dir")}
        ),
    ]


def _routes(settings: Mapping[str, Any]) -> List[Refusal]:
    catalog, engine = settings["catalog"]["routes"], settings["engine"]
    return gathered(
        partial(routes.published, catalog, engine, []),
        *(partial(routes.published, {}, engine, [row]) for row in settings["gateway_routes"]),
    )


def _teams(settings: Mapping[str, Any]) -> List[Refusal]:
    rows = settings["gateway_keys"]
    limits = {name: int(settings["gateway_" + name]) for name in ("rate", "burst", "concurrency")}
    return gathered(*(partial(keys.parse, [row], limits) for row in rows)) or gathered(
        partial(keys.parse, rows, limits)
    )


def _wrong(variable: str, value: Any, fix: Text) -> Refusal:
    return Refusal("LLM812", Text(f"{variable}: {value!r} can't be used.", f"{variable}：{value!r} 不可用。"), fix)


def _names(settings: Mapping[str, Any]) -> List[Refusal]:
    fix = Text(
        "list the names and addresses under which people open the appliance, without https:// and ports.",
        "请列出用户访问一体机所用的名称或地址，不带 https:// 与端口。",
    )
    names = [str(name) for name in settings["gateway_names"]]
    found = [_wrong("gateway_names", name, fix) for name in names if not forms.is_host(name)]
    return found if names else [_wrong("gateway_names", names, fix)]


def _certificate(settings: Mapping[str, Any]) -> List[Refusal]:
    found: List[Refusal] = []
    given = {name: settings[name] for name in ("gateway_certificate", "gateway_certificate_key")}
    if any(given.values()):
        both = Text(
            "give gateway_certificate and gateway_certificate_key, both as paths on the node, or neither.",
            "请同时给出 gateway_certificate 与 gateway_certificate_key（节点上的路径），或都不给。",
        )
        found += [_wrong(name, path, both) for name, path in given.items() if not path]
        found += forms.path_problems(given, empty=True)
        return found
    if not 1 <= int(settings["gateway_renew_days"]) < int(settings["gateway_certificate_days"]):
        more = Text(
            "let gateway_certificate_days be more than gateway_renew_days, and that at least 1.",
            "gateway_certificate_days 应大于 gateway_renew_days，且后者至少为 1。",
        )
        found.append(_wrong("gateway_certificate_days", settings["gateway_certificate_days"], more))
    service = settings["gateway_acme_directory"]
    if service:
        if not forms.is_url(service):
            fix = Text("write the address of the ACME service's directory.", "请填写 ACME 服务目录的地址。")
            found.append(_wrong("gateway_acme_directory", service, fix))
        if all(forms.is_address(str(name)) for name in settings["gateway_names"]):
            named = Text("add a name to gateway_names: ACME wants one.", "ACME 需要域名：请加入 gateway_names。")
            found.append(_wrong("gateway_names", settings["gateway_names"], named))
        found += forms.path_problems({"gateway_acme_ca": settings["gateway_acme_ca"]}, empty=True)
    return found


def _limits(settings: Mapping[str, Any]) -> List[Refusal]:
    found: List[Refusal] = []
    sizes = Text("write a size as nginx does: 512m, 32m, 1g.", "请按 nginx 的写法填写大小：512m、32m、1g。")
    for name in ("gateway_upload_size", "gateway_request_size"):
        if not SIZE.match(str(settings[name])):
            found.append(_wrong(name, settings[name], sizes))
    seconds = Text("give a number of seconds above 0.", "请填写大于 0 的秒数。")
    for name in ("gateway_generation_seconds", "gateway_drain_seconds", "gateway_start_seconds"):
        if int(settings[name]) < 1:
            found.append(_wrong(name, settings[name], seconds))
    policy = settings["gateway_content_security_policy"]
    if re.search(r"[\"\\$\n]", policy):
        fix = Text("leave out double quotes, backslashes, $ and line breaks.", "请去掉双引号、反斜杠、$ 与换行。")
        found.append(_wrong("gateway_content_security_policy", policy, fix))
    return found


def _ports(settings: Mapping[str, Any]) -> List[Refusal]:
    wanted = {name: settings[name] for name in ("gateway_https_port", "gateway_http_port", "gateway_chat_port")}
    for number, server in enumerate(settings["servers"]):
        wanted[f"engine {number + 1}"] = server.rpartition(":")[2]
    return forms.port_problems(wanted)


def hand_outs(settings: Mapping[str, Any]) -> List[Refusal]:
    """What is wrong with the settings of role clients (LLM813); the folder is the controller's own."""
    found = forms.path_problems({"clients_dir": settings["clients_dir"]})
    url, folder = settings["clients_url"], settings["clients_controller_dir"]
    if not forms.is_url(url):
        found.append(
            Refusal(
                "LLM813",
                Text(f"clients_url: {url!r} is not an address.", f"clients_url：{url!r} 不是有效的地址。"),
                Text("write https:// and the name that people use.", "请写成 https:// 加上用户所用的名称。"),
            )
        )
    if folder and not can_write(folder):
        found.append(
            Refusal(
                "LLM813",
                Text(
                    f"the controller can't write to clients_controller_dir ({folder}).",
                    f"控制机无法写入 clients_controller_dir（{folder}）。",
                ),
                Text("name a folder of yours on the controller.", "请指定控制机上可写的目录。"),
            )
        )
    return found


def can_write(folder: str) -> bool:
    """Whether a folder is there to be written, or could be made."""
    path = os.path.abspath(os.path.expanduser(folder))
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK)
