# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes a machine's identity and history from its files. What is removed is data: plugins/catalog/seal."""

from __future__ import annotations

import os
import re
from typing import Any, Dict, List, Mapping, NamedTuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.paths import (
    below,
    delete,
    inside,
    is_regular,
    match,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

Rules = Mapping[str, Mapping[str, Any]]
ROTATED = re.compile(r"\.(gz|xz|zst|old|\d+)$")
NO_SOURCES = (
    "# No mirror: the disk image was made without disk_image_apt_sources. "
    "磁盘镜像制作时未设置 disk_image_apt_sources。\n"
)


class Trace(NamedTuple):
    """One thing to remove: how, and by which entry of the catalogue."""

    rule: str
    act: str
    path: str


def traces(root: str, rules: Rules) -> List[Trace]:
    """What is still there; empty on a sealed tree."""
    found: List[Trace] = []
    for name, rule in sorted(rules.items()):
        if rule.get("unless") and match(root, rule["unless"]):
            continue
        for pattern in rule.get("remove", []):
            found += [Trace(name, "remove", path) for path in match(root, pattern)]
        for pattern in rule.get("clear", []):
            found += [Trace(name, "remove", path) for path in match(root, pattern + "/*")]
        for pattern in rule.get("truncate", []):
            found += [Trace(name, act, path) for path in match(root, pattern) for act in [_of_log(root, path)] if act]
        if "write" in rule and _differs(root, rule):
            found.append(Trace(name, "write", rule["write"]))
        if "link" in rule and _leads(root, rule["link"]) != rule["to"]:
            found.append(Trace(name, "link", rule["link"]))
    return found


def _of_log(root: str, path: str) -> str:
    full = os.path.join(root, path)
    if not is_regular(full):
        return ""
    if ROTATED.search(path):
        return "remove"
    return "truncate" if os.path.getsize(full) else ""


def _differs(root: str, rule: Mapping[str, Any]) -> bool:
    path = inside(root, rule["write"])
    return os.path.islink(path) or not os.path.isfile(path) or read_text(path) != rule["text"]


def _leads(root: str, path: str) -> str:
    full = inside(root, path)
    return os.readlink(full) if os.path.islink(full) else ""


def seal(root: str, rules: Rules, dry: bool = False) -> List[Trace]:
    """Does it, and returns what was done. A second time there is nothing to do."""
    found = traces(root, rules)
    for trace in found if not dry else []:
        path = inside(root, trace.path)
        if trace.act == "remove" and os.path.lexists(path):
            delete(path)
        elif trace.act == "truncate" and os.path.isfile(path):  # another entry may have removed it
            os.truncate(path, 0)
        elif trace.act == "write":
            rule = rules[trace.rule]
            if os.path.islink(path):
                os.unlink(path)
            write_atomic(path, rule["text"], int(str(rule.get("mode", "0644")), 8))
        elif trace.act == "link":
            if os.path.lexists(path):
                delete(path)
            os.symlink(rules[trace.rule]["to"], path)
    return found


def for_root(root: str, rules: Rules) -> Dict[str, Mapping[str, Any]]:
    """Without what a running machine, this module included, depends on."""
    live = os.path.realpath(root) == "/"
    return {name: rule for name, rule in rules.items() if not (live and rule.get("offline"))}


def with_sources(rules: Rules, sources: List[str]) -> Dict[str, Mapping[str, Any]]:
    """The rules, and the package sources that the customer's machine gets in place of the build site's."""
    text = "".join(line + "\n" for line in sources) or NO_SOURCES
    extra: Dict[str, Mapping[str, Any]] = {
        "apt-sources": {"write": "etc/apt/sources.list", "text": text},
        "apt-sources-others": {"remove": ["etc/apt/sources.list.d/*"]},
    }
    return {**rules, **extra}


def identities(root: str) -> Dict[str, str]:
    """The values that make this machine itself, to be looked for after sealing: {where: value}."""
    found: Dict[str, str] = {}
    for path in ("etc/machine-id", "var/lib/docker/engine-id", "var/lib/dbus/machine-id"):
        full = os.path.join(root, path)
        value = read_text(full).strip() if os.path.isfile(full) and not os.path.islink(full) else ""
        if len(value) >= 16:
            found[path] = value
    for path in [p for pattern in ("etc/ssh/ssh_host_*", "etc/yitiji/tls/*.key") for p in match(root, pattern)]:
        body = [line for line in read_text(os.path.join(root, path)).splitlines() if line and not line.startswith("-")]
        if body:  # not the first line: every OpenSSH key begins alike
            found[path] = body[0].split()[1] if body[0].startswith(("ssh-", "ecdsa-")) else body[len(body) // 2]
    for path in below(root, "etc/yitiji/secrets"):
        full = os.path.join(root, path)
        if is_regular(full):
            for line in read_text(full).splitlines():
                value = line.partition("=")[2] or line
                if len(value.strip()) >= 12:
                    found[path] = value.strip()
    return found
