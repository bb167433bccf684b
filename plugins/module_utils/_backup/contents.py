# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup of an appliance holds: all that a node cannot make again, and nothing that a role makes of it.

data/… (the chat page), secrets/… (keys and passwords), tls/… (authority and certificate), site/… (certificates that the
site gave), state/… (which image used the data, the plan). Files that containers source are made of the secrets: they
neither go in nor come out.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import archive, tree
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup as page

# Names of secrets as roles make them: no dot, so nothing that a shell or systemd would take for a file of its own.
SECRETS = re.compile(r"(cluster|engine|gateway|monitoring|page|weights)-[a-z0-9][a-z0-9-]{0,62}")
TLS = frozenset({"ca.crt", "ca.key", "server.crt", "server.key"})
SITE = frozenset({"certificate.crt", "certificate.key", "page-ca.crt"})
STATE = {"open-webui.json": 1 << 16, "plan.json": 16 << 20}
RECORD = frozenset({"ref", "id", "digest", "database"})
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----\n([A-Za-z0-9+/=\n]+?)-----END \1-----\n?")


def is_secret(name: str) -> bool:
    return bool(SECRETS.fullmatch(name)) or page.is_secret(name)


def may(name: str) -> bool:
    section, _slash, rest = name.partition("/")
    if section == "secrets":
        return is_secret(rest)
    names = {"tls": TLS, "site": SITE, "state": frozenset(STATE)}
    return rest in names[section] if section in names else page.may(name)


def small(name: str) -> int:
    section, _slash, rest = name.partition("/")
    return STATE.get(rest, archive.SMALL) if section == "state" else 0 if section == "data" else archive.SMALL


def look(name: str, content: bytes) -> Optional[Text]:
    section, _slash, rest = name.partition("/")
    if section == "secrets":
        return page.look(name, content)
    return _state(rest, content) if section == "state" else _pem(rest, content)


CONTENTS = archive.Contents(page.KIND, page.SCHEMAS, may, look, small)


def _pem(name: str, content: bytes) -> Optional[Text]:
    """A certificate, or several; or one private key. Nothing besides."""
    wrong = Text("it is not the certificate or key that its name says", "内容与名称所示的证书或密钥不符")
    try:
        text = content.decode("ascii").replace("\r\n", "\n")
    except UnicodeError:
        return wrong
    blocks = [(found.group(1), found.group(2)) for found in _BLOCK.finditer(text)]
    kinds = [kind for kind, _body in blocks if kind != "EC PARAMETERS"]
    fits = (
        all(kind.endswith("PRIVATE KEY") for kind in kinds) if name.endswith(".key") else set(kinds) == {"CERTIFICATE"}
    )
    if not kinds or not fits or (name.endswith(".key") and len(kinds) != 1) or _BLOCK.sub("", text).strip():
        return wrong
    try:
        for _kind, body in blocks:
            base64.b64decode(body.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return wrong
    return None


def _state(name: str, content: bytes) -> Optional[Text]:
    wrong = Text("it is not what its name says", "内容与名称不符")
    try:
        told = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return wrong
    if not isinstance(told, dict):
        return wrong
    if name == "open-webui.json" and (
        set(told) - RECORD or not all(isinstance(value, str) and value.isprintable() for value in told.values())
    ):
        return wrong
    return None


def members(config: Mapping[str, Any]) -> Dict[str, Path]:
    """What is there of all that, by the names in an archive; the page's data are not among them."""
    found: Dict[str, Path] = {}
    secrets = Path(config["secrets_dir"])
    if secrets.is_dir():
        found.update(
            {"secrets/" + file.name: secrets / file.name for file in tree.walk(secrets) if is_secret(file.name)}
        )
    for section, name, place in _places(config):
        if place.is_file() and not place.is_symlink():
            found[f"{section}/{name}"] = place
    return found


def missed(config: Mapping[str, Any]) -> List[str]:
    """Secrets on the node that are no secrets of ours by their names: whoever made them must keep them."""
    secrets = Path(config["secrets_dir"])
    names = [file.name for file in tree.walk(secrets)] if secrets.is_dir() else []
    return ["secrets/" + name for name in names if not is_secret(name) and not name.endswith(".env")]


def _places(config: Mapping[str, Any]) -> List[Any]:
    tls = Path(config["tls_dir"])
    rows: List[Any] = [("tls", name, tls / name) for name in sorted(TLS)]
    rows += [("site", name, Path(path)) for name, path in sorted(config["site"].items()) if path]
    rows += [("state", name, Path(path)) for name, path in sorted(config["state"].items()) if path]
    return rows


def target(name: str, config: Mapping[str, Any]) -> Optional[Path]:
    """Where a member goes: a place of this node's own settings, or None where it has none."""
    section, _slash, rest = name.partition("/")
    if section == "secrets":
        return Path(config["secrets_dir"], rest)
    if section == "tls":
        return Path(config["tls_dir"], rest)
    if rest == "plan.json":
        return Path(config["restored_plan"])
    path = config[section].get(rest) if section in ("site", "state") else ""
    return Path(path) if path else None
