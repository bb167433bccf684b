# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the settings of the chat page, found before anything is changed (LLM711)."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterable, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import accounts

RULE = "LLM711"
NAME = re.compile(r"^[a-z0-9][a-z0-9-]*$")
LIFETIME = re.compile(r"^[1-9][0-9]*[smhdw]$")
COLOR = re.compile(r"^#[0-9a-fA-F]{6}$")
SHORTEST, LONGEST = 8, 72  # characters of a password
PERMISSIONS = ("fifty-users", "written", "enterprise")
KNOWN = {
    "open_webui_backends": {"name", "url", "key", "prefix", "models"},
    "open_webui_embedding": {"url", "model", "key", "batch"},
    "open_webui_oidc": set(
        "url client_id name scopes signup merge_by_email domains groups_claim roles_claim admin_roles "
        "allowed_roles".split()
    ),
    "open_webui_ldap": set(
        "host port tls name search_base filter bind_dn username_attribute mail_attribute groups_attribute".split()
    ),
}


def refuse(reason: Text, fix: Text) -> Refusal:
    return Refusal(RULE, why=reason, remedies=[fix])


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """Everything that is wrong with the settings; empty where nothing is."""
    checks = (_shapes, _backends, _documents, _single_sign_on, _look, _people, _safety)
    return [refusal for check in checks for refusal in check(settings)]


def _shapes(settings: Mapping[str, Any]) -> List[Refusal]:
    given: Dict[str, List[Any]] = {
        "open_webui_backends": settings["backends"],
        "open_webui_embedding": [settings["embedding"]],
        "open_webui_oidc": [settings["oidc"]],
        "open_webui_ldap": [settings["ldap"]],
    }
    found = []
    for variable, items in given.items():
        for name in sorted({name for item in items for name in item} - KNOWN[variable]):
            found.append(
                refuse(
                    Text(f"{variable} knows no {name}.", f"{variable} 没有 {name} 这一项。"),
                    Text(
                        "known: {}.".format(", ".join(sorted(KNOWN[variable]))),
                        "可用：{}。".format("、".join(sorted(KNOWN[variable]))),
                    ),
                )
            )
    return found


def _needed(variable: str, given: Mapping[str, Any], names: Iterable[str]) -> List[Refusal]:
    return [
        refuse(Text(f"{variable} lacks {name}.", f"{variable} 缺少 {name}。"), Text(f"set {name}.", f"请设置 {name}。"))
        for name in names
        if not given.get(name)
    ]


def _address(variable: str, url: str) -> List[Refusal]:
    if not url or (re.match(r"^https?://[^/\s;]+", url) and not re.search(r"[\s;]", url)):
        return []
    return [
        refuse(
            Text(f"{variable}: {url!r} is no address.", f"{variable}：{url!r} 不是有效的地址。"),
            Text("write http:// or https://, a host and the path up to /v1.", "请写成 http(s)://主机/v1 的形式。"),
        )
    ]


def _backends(settings: Mapping[str, Any]) -> List[Refusal]:
    found: List[Refusal] = []
    names = [str(backend.get("name", "")) for backend in settings["backends"]]
    for backend, name in zip(settings["backends"], names):
        found += _needed("open_webui_backends", backend, ["name", "url"])
        found += _address("open_webui_backends", str(backend.get("url", "")))
        if name and (not NAME.match(name) or names.count(name) > 1):
            found.append(
                refuse(
                    Text(
                        f"open_webui_backends: the name {name!r} is taken or not plain.",
                        f"后端名称 {name!r} 无效或重复。",
                    ),
                    Text("give each a name of its own of a-z, 0-9 and '-'.", "请用 a-z、0-9 和 '-' 命名，且不重复。"),
                )
            )
    return found


def _documents(settings: Mapping[str, Any]) -> List[Refusal]:
    how, given = settings["documents"], settings["embedding"]
    found: List[Refusal] = []
    if how == "server":
        found += _needed("open_webui_embedding", given, ["url", "model"])
        found += _address("open_webui_embedding", str(given.get("url", "")))
    if how == "local":
        needed = {"open_webui_embedding_dir": settings["embedding_dir"]}
        found += _needed("open_webui_documents: local", needed, needed)
    slim = "slim" in settings["image"].rpartition(":")[2]
    if slim and (how == "local" or (how == "server" and settings["database"] != "postgresql")):
        found.append(
            refuse(
                Text(
                    f"the slim image {settings['image']} can't do open_webui_documents: {how} by itself.",
                    f"精简镜像 {settings['image']} 不支持 open_webui_documents: {how}。",
                ),
                Text(
                    "take the full image, or open_webui_documents: whole, or server with PostgreSQL and pgvector.",
                    "请改用完整镜像，或设 open_webui_documents: whole，或配合 PostgreSQL（pgvector）使用 server。",
                ),
            )
        )
    return found


def _single_sign_on(settings: Mapping[str, Any]) -> List[Refusal]:
    found: List[Refusal] = []
    if settings["oidc"]:
        found += _needed("open_webui_oidc", settings["oidc"], ["url", "client_id"])
        found += _address("open_webui_oidc", str(settings["oidc"].get("url", "")))
    if settings["ldap"]:
        found += _needed("open_webui_ldap", settings["ldap"], ["host", "search_base"])
    return found


def _look(settings: Mapping[str, Any]) -> List[Refusal]:
    found: List[Refusal] = []
    if settings["color"] and not COLOR.match(settings["color"]):
        found.append(
            refuse(
                Text(f"open_webui_color: {settings['color']!r} is no colour.", f"颜色 {settings['color']!r} 无效。"),
                Text("write it as #rrggbb.", "请写成 #rrggbb。"),
            )
        )
    if settings["logo"] and settings["branding_permission"] not in PERMISSIONS:
        found.append(
            refuse(
                Text(
                    "open_webui_logo replaces Open WebUI's mark, which its license forbids in general.",
                    "open_webui_logo 会替换 Open WebUI 的标识，其许可证一般不允许。",
                ),
                Text(
                    "say in open_webui_branding_permission which exception holds: fifty-users (at most 50 users in 30 "
                    "days), written (its owner's consent) or enterprise (their license); or leave the logo out.",
                    "请在 open_webui_branding_permission 中说明适用的例外：fifty-users（30 天内不超过 50 名用户）、"
                    "written（书面许可）或 enterprise（企业许可）；否则请不要设置 logo。",
                ),
            )
        )
    return found


def _people(settings: Mapping[str, Any]) -> List[Refusal]:
    fix = Text("correct open_webui_users or open_webui_groups.", "请更正 open_webui_users 或 open_webui_groups。")
    wrong = accounts.problems(settings["users"], settings["groups"], settings["admin_email"])
    return [refuse(reason, fix) for reason in wrong]


def _safety(settings: Mapping[str, Any]) -> List[Refusal]:
    found: List[Refusal] = []
    text, length = str(settings["session_lifetime"]), int(settings["password_length"])
    if not LIFETIME.match(text):
        found.append(
            refuse(
                Text(f"open_webui_session_lifetime: {text!r} is no time.", f"会话时长 {text!r} 无效。"),
                Text("write a number and s, m, h, d or w, like 12h.", "请写成数字加 s、m、h、d 或 w，例如 12h。"),
            )
        )
    if not SHORTEST <= length <= LONGEST:
        found.append(
            refuse(
                Text(f"open_webui_password_length: {length}.", f"密码最短长度 {length} 无效。"),
                Text(
                    f"set {SHORTEST} to {LONGEST}; the page keeps no more than {LONGEST} bytes of a password.",
                    f"请设为 {SHORTEST} 到 {LONGEST}；页面最多保存密码的 {LONGEST} 个字节。",
                ),
            )
        )
    return found
