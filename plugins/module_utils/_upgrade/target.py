# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each node goes back to: a generation is of one node, and those of a deployment must arrive at one model."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations

Row = generations.Row


def told(folder: str = generations.ROOT) -> Dict[str, Any]:
    """Of one node: whether something is on its way there, the plan that it would go back to, and that of now."""
    kept, mark = generations.rows(folder), generations.unfinished(folder)
    row = generations.behind(folder) if mark else generations.before(kept)
    return {
        "unfinished": bool(mark),
        "plan": row.get("plan") or {},
        "now": (kept[-1] if kept else {}).get("plan") or {},
    }


def common(found: Mapping[str, Mapping[str, Any]], node: str) -> Dict[str, Any]:
    """The plan at which this node must arrive, of what all nodes of the run told; {} where it chooses by itself.

    Where a node has not arrived, its plan of before is everyone's, and who has that is back already. Else it is the
    head's, which may have generations that only its own settings made.
    """
    own = found[node]
    mates = {name: row for name, row in found.items() if _deployment(row) == _deployment(own)}
    late = [name for name, row in mates.items() if row["unfinished"] and row["plan"]]
    heads = [name for name, row in mates.items() if _head(row["now"], name)]
    first: List[str] = [*(name for name in heads if name in late), *late] or heads
    if own["unfinished"] or not first or first[0] == node:
        return {}
    plan: Dict[str, Any] = mates[first[0]]["plan"]
    return plan


def choose(kept: Sequence[Row], mark: int, behind: Row, wanted: Mapping[str, Any], node: str) -> Row:
    """From an unfinished run to where it set out; else to the one before the newest. With `wanted` to the newest that
    serves the same, which may be the newest of all."""
    if mark and behind:
        return behind
    row = generations.before(kept)
    if wanted and kept and _same(kept[-1], wanted, node):
        return kept[-1]
    if not row:
        raise Refusal("LLM583", why=Text("none was kept", "没有可回退的上一代"))
    if wanted and not _same(row, wanted, node):
        other = wanted["model"]["served_name"]
        raise Refusal("LLM583", why=Text(
            f"generation {row['number']} is none of {other}, to which the other nodes go",
            f"第 {row['number']} 代的模型不是其他节点所要回退到的 {other}",
        ))  # fmt: skip
    return row


def _same(row: Row, plan: Mapping[str, Any], node: str) -> bool:
    """Whether it serves the same. Of the head's chat page only the head knows."""
    parts = ["engine", "model", *(["chat"] if _head(plan, node) else [])]
    return all(row["plan"].get(part) == plan.get(part) for part in parts) and (
        row["plan"]["nodes"].get(node) == plan["nodes"].get(node)
    )


def _head(plan: Mapping[str, Any], node: str) -> bool:
    return bool(((plan.get("nodes") or {}).get(node) or {}).get("head"))


def _deployment(row: Mapping[str, Any]) -> str:
    return str((row["now"] or row["plan"]).get("deployment"))
