# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is wrong with the variables of role open_webui, found before anything is changed."""

from __future__ import annotations

from functools import partial
from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.gather import gathered
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import container_unit
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.secrets import check_value
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import accounts
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import problems as check


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """`page`: what environment and secrets are made of; `role`: the role's own variables; `container`: its unit's."""
    found = [*check.problems(settings["page"]), *_role(settings)]
    return found or _unit(settings)


def _role(settings: Mapping[str, Any]) -> List[Refusal]:
    """Who signs in first, and the addresses, ports and folders of the role."""
    role = settings["role"]
    found = [
        *forms.port_problems(role["ports"]),
        *forms.port_differences(role["ports"], role["shared"]),
        *forms.path_problems(role["paths"]),
    ]
    if role["admin_password"]:
        found += gathered(partial(check_value, "open-webui-admin", role["admin_password"]))
    if not accounts.EMAIL.match(settings["page"]["admin_email"]):
        text = settings["page"]["admin_email"]
        found.append(
            check.refuse(
                Text(
                    f"open_webui_admin_email: {text!r} is no e-mail address.",
                    f"open_webui_admin_email：{text!r} 无效。",
                ),
                Text("write it like admin@example.com.", "请写成 admin@example.com 的形式。"),
            )
        )
    for origin in role["origins"] or [""]:
        if not forms.is_url(str(origin)):
            found.append(
                check.refuse(
                    Text(f"open_webui_origins: {origin!r} is no address.", f"open_webui_origins：{origin!r} 无效。"),
                    Text(
                        "list https:// addresses under which people open the page.",
                        "请列出用户打开页面的 https:// 地址。",
                    ),
                )
            )
    for name in role["secrets"]:
        if not check.NAME.match(str(name)):
            found.append(
                check.refuse(
                    Text(
                        f"open_webui_secrets: {name!r} is no secret's name.",
                        f"open_webui_secrets：{name!r} 不是密钥名称。",
                    ),
                    Text("names hold a-z, 0-9 and '-' only.", "名称只能含 a-z、0-9 与 '-'。"),
                )
            )
    if role["network"] != role["docker_network"]:
        made = role["docker_network"]
        found.append(
            check.refuse(
                Text(
                    f"open_webui_network is {role['network']!r}, but role docker makes {made!r}.",
                    f"open_webui_network 为 {role['network']!r}，而 docker 角色创建的是 {made!r}。",
                ),
                Text(
                    "set docker_network, engine_network and open_webui_network alike.",
                    "请将 docker_network、engine_network 与 open_webui_network 设为相同。",
                ),
            )
        )
    return found


def _unit(settings: Mapping[str, Any]) -> List[Refusal]:
    """Whether the page's unit can be written."""
    try:
        container_unit.exec_line(container_unit.container(settings["container"]))
    except Refusal as refusal:
        return [
            check.refuse(
                refusal.reason,
                Text("correct open_webui_environment and the paths.", "请更正 open_webui_environment 与各路径。"),
            )
        ]
    return []
