# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that the plan leaves without work, and what changed since the plan that was kept last."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import notice


def idle(listed: Sequence[str], used: Sequence[str], beside: bool) -> List[Dict[str, Any]]:
    """Nodes of the deployment that no engine uses. `beside`: copies or further models, which share the head."""
    names = [name for name in listed if name not in used]
    if not names:
        return []
    return [notice("LLM188" if beside else "LLM187", names=names, used=used)]


def since(saved: Mapping[str, Any], plan: Mapping[str, Any], listed: Sequence[str]) -> List[Dict[str, Any]]:
    """Told once, when it changes: nodes that are no longer listed, and another head. Nothing where no plan was kept."""
    before = saved.get("nodes") or {}
    found = []
    gone = [f"{name} ({node['address']})" for name, node in before.items() if name not in listed]
    if gone:
        limit = ",".join(name for name in before if name not in listed)
        found.append(notice("LLM189", names=gone, limit=limit))
    heads = [next((name for name, node in nodes.items() if node["head"]), "") for nodes in (before, plan["nodes"])]
    if heads[0] and heads[0] != heads[1] and heads[0] in listed:
        found.append(notice("LLM194", old=heads[0], new=heads[1]))
    return found
