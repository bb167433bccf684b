# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages about variables: wrong type or choice, unknown name, missing (LLM120 to LLM123)."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.names import Unknown


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


def removed(given: Iterable[str], roles: Iterable[str], table: Iterable[Mapping[str, Any]]) -> Dict[str, Refusal]:
    """Names that are no longer read, each with what takes its place (LLM123). `table`: plugins/catalog/upgrades."""
    names = set(given)
    rows = [row for row in table if row.get("of") in (None, *roles)]
    return {
        old: Refusal("LLM123", old=old, new=new, since=row["since"])
        for row in rows
        for old, new in sorted(row["now"].items())
        if old in names
    }


def unknown_name(row: Unknown) -> Refusal:
    """A name without effect: with what was probably meant (LLM122), or alone (LLM186)."""
    if row.meant:
        return Refusal("LLM122", name=row.name, right=row.meant)
    return Refusal("LLM186", name=row.name)
