# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private registries: our logins, and the certificate authorities that are trusted there."""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import urllib.request
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.registry import HUB, Access, Reach
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text

OURS = "/etc/yitiji/docker"  # a folder of its own: what an administrator keeps in root's is left alone
ROOTS = os.path.expanduser("~root/.docker")
CERTS = "/etc/docker/certs.d"
CERTIFICATE = "yitiji-ca.crt"  # Docker reads every *.crt of a registry's folder
HUB_KEY = "https://index.docker.io/v1/"
HUB_NAMES = ("docker.io", "index.docker.io", HUB)


class Registry(NamedTuple):
    host: str
    username: str = ""
    password: str = ""
    authority: str = ""


def key(host: str) -> str:
    return HUB_KEY if host in HUB_NAMES else host


def config(registries: List[Registry]) -> str:
    """Docker's config.json with the logins; empty without any."""
    auths = {
        key(r.host): {"auth": base64.b64encode(f"{r.username}:{r.password}".encode()).decode("ascii")}
        for r in registries
        if r.username
    }
    return json.dumps({"auths": auths}, indent=2, sort_keys=True) + "\n" if auths else ""


def _load(folder: str) -> Dict[str, Any]:
    try:
        found = json.loads(read_text(os.path.join(folder, "config.json")) or "{}")
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def login(host: str, folders: Tuple[str, ...] = (OURS, ROOTS)) -> Tuple[str, str]:
    """(folder, base64 of user:password) of the first config.json that knows the registry."""
    for folder in folders:
        found = _load(folder)
        entry = (found.get("auths") or {}).get(key(host)) or {}
        if entry.get("auth"):
            return folder, str(entry["auth"])
        if key(host) in (found.get("credHelpers") or {}) or (found.get("credsStore") and key(host) in found["auths"]):
            return folder, ""  # a helper program knows; Docker asks it, we do not
    return "", ""


def authorities(host: str, certs: str = CERTS) -> Tuple[str, ...]:
    return tuple(str(path) for path in sorted(Path(certs, host).glob("*.crt")))


def is_insecure(host: str, names: List[str]) -> bool:
    """Whether Docker does not check who this registry is; `names` are hosts and networks."""
    plain = host.rsplit(":", 1)[0].strip("[]")
    plain = "127.0.0.1" if plain == "localhost" else plain
    for name in names:
        if name in (host, plain):
            return True
        try:
            if ipaddress.ip_address(plain) in ipaddress.ip_network(name):
                return True
        except ValueError:
            continue
    return False


def reach(engine: Dict[str, Any], timeout: float, folders: Tuple[str, ...] = (OURS, ROOTS)) -> Reach:
    """How the running Docker would speak to a registry."""

    def access(host: str) -> Access:
        plain = host.rsplit(":", 1)[0]
        # The engine's no_proxy, by the rules of Python's own
        around = urllib.request.proxy_bypass(plain, {"no": engine.get("no_proxy") or ""})
        return Access(
            timeout=timeout,
            proxy=None if around else engine.get("proxy"),
            login=login(host, folders)[1],
            authorities=authorities(host),
            verify=not is_insecure(host, engine.get("insecure_registries") or []),
        )

    return access


def check_host(host: str) -> None:
    if host and "/" not in host and host not in (".", ".."):
        return
    raise Refusal("LLM314", registry=host, problem=say("registry_name"), remedies=[say("registry_name_remedy")])


def check_authority(host: str, text: str) -> None:
    if text.count("-----BEGIN CERTIFICATE-----") == text.count("-----END CERTIFICATE-----") > 0:
        return
    raise Refusal(
        "LLM314", registry=host, problem=say("registry_authority"), remedies=[say("registry_authority_remedy")]
    )


def check_login(host: str, username: str, password: str) -> None:
    if bool(username) == bool(password):
        return
    lacking = say("login_password" if username else "login_username")
    raise Refusal(
        "LLM314",
        registry=host,
        problem=say("registry_login", lacking=lacking),
        remedies=[say("registry_login_remedy")],
    )


def read_password(host: str, path: str) -> str:
    """A password that is on the node already; a file that others can read is refused."""
    try:
        mode = os.stat(path).st_mode & 0o077
        text = read_text(path).strip()
    except OSError as error:
        mode, text = 0, ""
        why = Text(f"{path} cannot be read: {error.strerror}.", f"无法读取 {path}：{error.strerror}。")
    else:
        why = Text(f"{path} is empty.", f"{path} 为空。")
    if mode:
        why = Text(f"{path} can be read by others than root.", f"{path} 可被 root 以外的用户读取。")
    elif text:
        return text
    raise Refusal(
        "LLM314",
        registry=host,
        problem=say("registry_password", why=why),
        remedies=[say("registry_password_remedy", path=path)],
    )


def known(folder: str) -> List[str]:
    """Registries for which a config.json has a login."""
    return [HUB_NAMES[0] if name == HUB_KEY else name for name in _load(folder).get("auths") or {}]


def remove(path: str) -> None:
    """Removes a file, and its folder if nothing else is in it."""
    if os.path.exists(path):
        os.unlink(path)
    folder = os.path.dirname(path)
    if not os.listdir(folder):
        os.rmdir(folder)
