# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue: models, GPUs, engines, images and profiles as data. Later folders take precedence, entry by entry."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say

KINDS = ("models", "gpus", "engines", "images", "profiles", "routes", "kernels", "speeds")
UNKNOWN = {"profiles": "LLM521", "models": "LLM522", "engines": "LLM523", "images": "LLM524", "gpus": "LLM525"}

Entry = Dict[str, Any]
Catalog = Dict[str, Dict[str, Entry]]
Parse = Callable[[str], Any]


def read_catalog(folders: List[str], parse: Parse, kinds: Tuple[str, ...] = KINDS) -> Catalog:
    """Reads every <folder>/<kind>/*.yml (LLM520). `parse` turns YAML text into data, as nodes have no PyYAML."""
    catalog: Catalog = {kind: {} for kind in kinds}
    for folder in folders:
        if not os.path.isdir(folder):
            raise Refusal("LLM520", problem=say("catalog_no_folder", folder=folder))
        for kind in kinds:
            for path in _files(os.path.join(folder, kind)):
                merge(catalog, kind, _parse_file(path, parse), path)
    return catalog


def _files(folder: str) -> List[str]:
    if not os.path.isdir(folder):
        return []
    names = sorted(name for name in os.listdir(folder) if name.endswith((".yml", ".yaml")))
    return [os.path.join(folder, name) for name in names]


def _parse_file(path: str, parse: Parse) -> Any:
    try:
        with open(path, encoding="utf-8") as handle:
            return parse(handle.read())
    except Exception as error:  # the parser is the caller's, and so is what it raises
        raise Refusal("LLM520", problem=say("catalog_bad_file", path=path, error=error)) from error


def merge(catalog: Catalog, kind: str, entries: Any, path: str) -> None:
    """Adds entries; an existing entry is changed key by key, so a vendor states only what differs."""
    if not isinstance(entries, Mapping) or not all(isinstance(entry, Mapping) for entry in entries.values()):
        raise Refusal("LLM520", problem=say("catalog_no_mapping", path=path))
    for name, entry in entries.items():
        catalog[kind][str(name)] = overlaid(catalog[kind].get(str(name), {}), entry)


def overlaid(base: Entry, more: Mapping[str, Any]) -> Entry:
    result = dict(base)
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(result.get(key), dict):
            result[key] = overlaid(result[key], value)
        else:
            result[key] = value
    return result


def look_up(catalog: Catalog, kind: str, name: str, variable: str) -> Entry:
    """The entry; refused with what there is where it is unknown (LLM521-525)."""
    found = catalog[kind].get(name)
    if found is None:
        known = ", ".join(sorted(catalog[kind])) or "-"
        raise Refusal(UNKNOWN[kind], name=name, known=known, variable=variable)
    return found


def find_model(catalog: Catalog, wanted: str) -> Tuple[str, Optional[Entry]]:
    """(hub id, entry) for a catalogue key or a hub id.

    The entry is None for a model that the catalogue does not know.
    """
    entry = catalog["models"].get(wanted)
    if entry is not None:
        return str(entry["id"]), entry
    for known in catalog["models"].values():
        if known.get("id") == wanted:
            return wanted, known
    if "/" in wanted:
        return wanted, None
    look_up(catalog, "models", wanted, "appliance_model")
    return wanted, None
