# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade crosses: changes that are known to break something, each accepted by its id."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key


def versions(state: Mapping[str, Any]) -> Dict[str, str]:
    """By name: the engine, images by their repository's last name, packages, the collection."""
    engine, _space, version = state["engine"].partition(" ")
    found: Dict[str, str] = {}
    for node in state["nodes"].values():
        found.update(node["packages"])
    for image in state["images"].values():
        name, _colon, tag = image["ref"].split("@", maxsplit=1)[0].rpartition("/")[2].partition(":")
        found[name] = tag
    return {**found, "collection": state["collection"], engine: version}


def crossed(table: Sequence[Mapping[str, Any]], before: Mapping[str, Any], after: Mapping[str, Any]) -> List[Any]:
    """Rows of the catalogue whose version lies between the two states."""
    old, new = versions(before), versions(after)
    return [
        row
        for row in table
        if any(name in old and name in new and _key(old[name]) < version_key(row["since"]) <= _key(new[name])
               for name in row["of"])
    ]  # fmt: skip


def judge(rows: Sequence[Mapping[str, Any]], accepted: Sequence[str]) -> None:
    """Refuses what was not accepted (LLM586)."""
    left = [row for row in rows if row["id"] not in accepted]
    if not left:
        return
    told = [Text(*("{}: {} ({})".format(row["id"], row["what"][at], row["source"]) for at in ("en", "zh")))
            for row in left]  # fmt: skip
    raise Refusal("LLM586", changes=told, ids=", ".join(str(row["id"]) for row in left))


def _key(version: str) -> Any:
    return version_key(version.rpartition(":")[2])  # a package's epoch is none of its version
