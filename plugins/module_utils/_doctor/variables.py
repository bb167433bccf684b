# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages about variables: wrong type or choice, unknown name, missing (LLM120 to LLM123)."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.names import Unknown

# What a variable was called before -> its name now, by the role that reads it.
RENAMED: Dict[str, Dict[str, str]] = {
    "backup": {
        "open_webui_backup_fetch_dir": "backup_fetch_dir",
        "open_webui_restore_archive": "backup_file",
        "open_webui_restore_from": "backup_file_on",
        "open_webui_restore_replace": "backup_replace",
    },
    "disk_image": {
        f"image_{name}": f"disk_image_{name}"
        for name in (
            "address", "apt_sources", "bridge", "catalog_dirs", "commandline", "dir", "dns", "epoch", "forbidden",
            "free_mib", "gateway", "kernel", "mmdebstrap_options", "mtu", "name", "packages", "qcow2", "seed",
            "sources", "ssh_args", "suite", "weights",
        )
    },
    "disk_seal": {
        "image_seal_apt_sources": "disk_seal_apt_sources",
        "image_seal_catalog_dirs": "disk_seal_catalog_dirs",
        "image_seal_power_off": "disk_seal_power_off",
    },
}  # fmt: skip


def options_of(specs: Mapping[str, Mapping[str, Any]]) -> Dict[str, Tuple[str, Dict[str, Any]]]:
    """{variable: (role, option)} from the main entry points in roles' argument specs."""
    found: Dict[str, Tuple[str, Dict[str, Any]]] = {}
    for role, spec in specs.items():
        main = ((spec or {}).get("argument_specs") or {}).get("main") or {}
        for name, option in (main.get("options") or {}).items():
            found[name] = (role, option)
    return found


def shape(option: Mapping[str, Any]) -> str:
    """What a variable must be, in a few words."""
    kind = str(option.get("type", "str"))
    if option.get("elements"):
        kind += " of " + str(option["elements"])
    if option.get("choices"):
        kind = " | ".join(str(choice) for choice in option["choices"])
    return kind


def wrong_value(name: str, role: str, option: Mapping[str, Any], value: Any, why: str) -> Refusal:
    """A value that does not fit (LLM120)."""
    secret = option.get("no_log")
    detailed = option.get("type") in ("list", "dict") and not secret
    detail = Text(f" ({why})", f"（{why}）") if detailed else Text("", "")
    shown = "***" if secret else repr(value)
    return Refusal(
        "LLM120", name=name, shown=shown, shape=shape(option), detail=detail, role=role, about=_about(option)
    )


def missing(name: str, role: str, option: Mapping[str, Any]) -> Refusal:
    """A required variable that is not set (LLM121)."""
    return Refusal("LLM121", name=name, role=role, about=_about(option))


def _about(option: Mapping[str, Any]) -> Text:
    """A variable's description, which exists in English only."""
    text = option.get("description") or ""
    text = " ".join(text) if isinstance(text, list) else str(text)
    return Text(f": {text}" if text else "", "")


def renamed(names: Iterable[str], roles: Iterable[str]) -> Dict[str, str]:
    """Old names among `names`, with the new ones, of variables that these roles read."""
    given = set(names)
    table = {old: new for role in roles for old, new in RENAMED.get(role, {}).items()}
    return {old: new for old, new in sorted(table.items()) if old in given}


def unknown_name(row: Unknown) -> Refusal:
    """A name without effect: with what was probably meant (LLM122), or alone (LLM186)."""
    if row.meant:
        return Refusal("LLM122", name=row.name, right=row.meant)
    return Refusal("LLM186", name=row.name)
