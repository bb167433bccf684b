# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the catalogue on the controller: the collection's own entries first, then those of a vendor's folders."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import KINDS, Catalog, read_catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.all import PROBES
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import NEEDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import check_rules
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._yaml import parse

BUILT_IN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "catalog")


def catalogue(folders: Sequence[str] = (), kinds: Tuple[str, ...] = KINDS) -> Catalog:
    """{kind: {name: entry}}; a refusal names the file that cannot be used."""
    return read_catalog([BUILT_IN, *folders], _parse, kinds)


def version(root: str = os.path.dirname(os.path.dirname(BUILT_IN))) -> str:
    """Of a collection, this one by default: as installed, or as in its checkout."""
    for name, inside in (("MANIFEST.json", "collection_info"), ("galaxy.yml", "")):
        path = os.path.join(root, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as stream:
                found = _parse(stream.read())
            return str((found.get(inside) if inside else found)["version"])
    return "?"


def load_rules(folder: str = os.path.join(BUILT_IN, "rules")) -> List[Dict[str, Any]]:
    """The doctor's rules, checked, by id. They are lists, and no vendor's folder adds to them."""
    rules: List[Dict[str, Any]] = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".yml"):
            with open(os.path.join(folder, name), encoding="utf-8") as stream:
                rules += _parse(stream.read()).get("rules") or []
    check_rules(rules, PROBES, NEEDS)
    return sorted(rules, key=lambda rule: str(rule["id"]))


def _parse(text: str) -> Any:
    return parse(text) or {}
