# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of settings that several roles share: ports (LLM130), paths (LLM132), and the forms of addresses."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say

_LABEL = re.compile(r"^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$")
_URL = re.compile(r"^https?://(\[[0-9A-Fa-f:.]+\]|[^\s/:\"'\[\]]+)(:\d{1,5})?(/[^\s\"']*)?$")


def is_host(text: str) -> bool:
    """Whether it is a name or an address of a machine."""
    return is_address(text) or (len(text) <= 253 and all(_LABEL.match(part) for part in text.rstrip(".").split(".")))


def is_address(text: str) -> bool:
    """Whether it is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_url(text: str) -> bool:
    """Whether it is an http(s) address."""
    return bool(_URL.match(text))


def port_problems(wanted: Mapping[str, Any]) -> List[Refusal]:
    """Ports by variable (or unit): each from 1 to 65535, and no two alike (LLM130)."""
    what: List[Text] = []
    users: Dict[int, List[str]] = {}
    for name, value in wanted.items():
        port = _number(value)
        if 1 <= port <= 65535:
            users.setdefault(port, []).append(name)
        else:
            what.append(say("a port that is not one", name=name, value=value))
    what += [
        say("a port wanted by several", port=port, names=names)
        for port, names in sorted(users.items())
        if len(names) > 1
    ]
    return [Refusal("LLM130", what=what, names=list(wanted))] if what else []


def port_differences(own: Mapping[str, Any], shared: Mapping[str, Mapping[str, Any]]) -> List[Refusal]:
    """A role's port that was set alone, while every other role reads the shared variable (LLM185)."""
    return [
        Refusal("LLM185", name=name, value=own[name], owner=owner, shared=value)
        for name, pair in shared.items()
        for owner, value in pair.items()
        if _number(own[name]) != _number(value)
    ]


def _number(value: Any) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


def path_problems(paths: Mapping[str, Any], empty: bool = False) -> List[Refusal]:
    """Paths by variable: each absolute, and such that a unit or a mount can hold it (LLM132)."""
    return [
        Refusal("LLM132", name=name, path=str(path))
        for name, path in paths.items()
        if not (empty and not path) and not _is_whole(str(path))
    ]


def _is_whole(path: str) -> bool:
    return posixpath.isabs(path) and path.strip("/.") != "" and not re.search(r"[\s,\"'%$\\]", path)
