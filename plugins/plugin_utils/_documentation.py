# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module of an action says of itself; so an action's options are declared once, in its module."""

from __future__ import annotations

import importlib
from typing import Any, Dict, Mapping

from ansible_collections.yitiji.deepseek.plugins.plugin_utils._yaml import parse

OWN = "ansible_collections.yitiji.deepseek.plugins"
SPEC = ("type", "elements", "choices", "default", "required", "no_log", "options", "suboptions")


def documentation(name: str) -> Dict[str, Any]:
    """The documentation of a module of this collection, with its fragments, as ansible-doc merges them."""
    doc: Dict[str, Any] = parse(importlib.import_module(f"{OWN}.modules.{name}").DOCUMENTATION)
    for wanted in doc.pop("extends_documentation_fragment", []):
        fragment, _dot, variant = wanted[len("yitiji.deepseek.") :].partition(".")
        holder = importlib.import_module(f"{OWN}.doc_fragments.{fragment}").ModuleDocFragment
        for section, entries in parse(getattr(holder, (variant or "documentation").upper())).items():
            own = doc.setdefault(section, {})
            for key, entry in entries.items():
                own[key] = {**entry, **own.get(key, {})}
    return doc


def argument_spec(name: str) -> Dict[str, Any]:
    """The options of a module as Ansible's validator wants them."""
    return _spec(documentation(name).get("options") or {})


def _spec(options: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for name, option in options.items():
        spec = {key: option[key] for key in SPEC if key in option}
        inner = spec.pop("suboptions", None)
        if inner:
            spec["options"] = _spec(inner)
        found[name] = spec
    return found
