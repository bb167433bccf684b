# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several copies of a model on one node, each with cards, a unit and a port of its own: one may die alone."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Dict, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._base._plan_error_tmp import Refusal, text
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Node
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import Wish

SUMS = ("kv_tokens", "kv_tokens_best", "concurrency_at_context", "concurrency_at_request", "concurrency", "users")


def replicated(wish: Wish, plan_of: Callable[[Wish], Dict[str, Any]]) -> Dict[str, Any]:
    """The plan of the first copy, with `copies` on its node and the sums of all."""
    count = wish.replicas
    parts = _parts(wish.head, count)
    each = -(-wish.concurrency // count)
    plans = [
        plan_of(dataclasses.replace(wish, nodes=[part], port=wish.port + number, concurrency=each))
        for number, part in enumerate(parts)
    ]
    plan = plans[0]
    unit = plan["service"]["unit"]
    row = plan["nodes"][wish.head.name]
    row["copies"] = [
        {
            "unit": f"{unit}-{number + 1}",
            "port": one["service"]["port"],
            "gpus": one["nodes"][wish.head.name]["gpus"],
            "args": one["nodes"][wish.head.name]["args"],
        }
        for number, one in enumerate(plans)
    ]
    row["gpus"] = [card for copy in row["copies"] for card in copy["gpus"]]
    plan["service"]["unit"] = f"{unit}-1"
    plan["replicas"] = count
    plan["needs"]["ports"] = [one["service"]["port"] for one in plans]
    plan["needs"]["memory_bytes"] = count * int(plan["needs"]["memory_bytes"])
    for key in SUMS:
        if key in plan["capacity"]:
            plan["capacity"][key] = count * plan["capacity"][key]
    return plan


def _parts(node: Node, count: int) -> List[Node]:
    if len(node.gpus) % count:
        raise Refusal(
            "LLM503",
            text(
                f"{node.name}: {len(node.gpus)} 张 GPU 不能平均分给 {count} 个副本",
                f"{node.name}: {len(node.gpus)} GPU(s) can't be divided among {count} replicas",
            ),
            [text("修改 appliance_replicas", "set appliance_replicas to a divisor of the number of GPUs")],
        )
    size = len(node.gpus) // count
    memory = None if node.memory_bytes is None else node.memory_bytes // count
    return [
        dataclasses.replace(node, gpus=node.gpus[size * number : size * (number + 1)], memory_bytes=memory)
        for number in range(count)
    ]
