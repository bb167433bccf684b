# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes of one deployment that each serve the model by themselves: what they must have in common."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.cluster import check_addresses
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import Sizing
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import Wish


def check_independent(wish: Wish, engine: Mapping[str, Any]) -> None:
    """Refuses what nodes can't serve by themselves (LLM558), and addresses that they do not hold (LLM401)."""
    if wish.beside:
        raise _refusal("beside")
    if len(wish.nodes) > 1 and not (engine.get("run") or {}).get("key_variable"):
        raise _refusal("keyless", engine=wish.engine)  # it would answer whoever reaches the other nodes' ports
    check_addresses(wish.nodes[1:])


def check_alike(sizings: Sequence[Sizing]) -> None:
    """Refuses nodes that would need another image or other files of the model than the head (LLM558)."""
    first = sizings[0]
    for other in sizings[1:]:
        names = [sizing.ranks[0].node.name for sizing in (first, other)]
        images = [str((sizing.image or {}).get("ref")) for sizing in (first, other)]
        if images[0] != images[1]:
            raise _refusal("images", nodes=names, images=images)
        if first.wish.include != other.wish.include:
            raise _refusal("files", nodes=names)


def of_node(refusal: Refusal, node: str) -> Refusal:
    """The refusal of one node among several, with its name."""
    refusal.reason = Text(f"{node}: {refusal.reason.en}", f"{node}：{refusal.reason.zh}")
    return refusal


def _refusal(what: str, **values: Any) -> Refusal:
    remedy = say(f"independent_{what}_remedy", **values)
    return Refusal("LLM558", problem=say(f"independent_{what}", **values), remedies=[remedy])
