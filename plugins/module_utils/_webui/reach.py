# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the chat page has to reach, by its settings: everything else stays shut (role isolation)."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443, "ldap": 389, "ldaps": 636, "redis": 6379, "postgresql": 5432, "postgres": 5432}
ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]*://[^\s,;\"']+)")


def place(url: str) -> str:
    """`host:port` of an address; empty for one that names no host."""
    try:
        found = urlsplit(url)
        port = found.port or PORTS.get(found.scheme.partition("+")[0], 443)
    except ValueError:
        return ""
    host = found.hostname or ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}" if host else ""


def places(settings: Mapping[str, Any], more: Mapping[str, Any], secrets_dir: str) -> List[str]:
    """Single sign-on, directory, database, embedding server, backends, and each address in a variable of `more`."""
    urls = [str(backend["url"]) for backend in settings["backends"]]
    urls += [str(settings["oidc"].get("url") or "")]
    if settings["documents"] == "server":
        urls.append(str(settings["embedding"].get("url") or ""))
    urls += [found for value in more.values() for found in ADDRESS.findall(str(value))]
    named = [place(url) for url in urls]
    ldap = settings["ldap"]
    if ldap:
        named.append("{}:{}".format(ldap["host"], ldap.get("port") or (636 if ldap.get("tls", True) else 389)))
    if settings["database"] == "postgresql":
        named.append(f"@{secrets_dir}/open-webui-database")
    return list(dict.fromkeys(name for name in [*named, *settings["egress"]] if name))


def guard(settings: Mapping[str, Any], role: Mapping[str, Any]) -> Dict[str, Any]:
    """What role isolation lets through; `role`: {network, beside, user, port, engines, secrets_dir, environment}."""
    own = [place(str(url)) for url in role["engines"]]
    out = places(settings, role["environment"], role["secrets_dir"])
    doors = [{"ports": [int(role["port"])], "users": ["@nginx"]}]
    listeners = [int(name.rpartition(":")[2]) for name in own]
    doors.append({"ports": listeners, "users": [str(role["user"])] if role["beside"] else []})
    if role["beside"]:
        return {"doors": doors, "users": [{"user": str(role["user"]), "to": out}]}
    return {"doors": doors, "networks": [{"name": role["network"], "to": out, "node": own}]}
