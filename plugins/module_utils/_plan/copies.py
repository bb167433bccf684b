# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several engines on one node: copies of a model, or further models beside the first one."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base._plan_error_tmp import Refusal, Text, text
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Node
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import Sizing
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import GGUF_ENGINES, Wish, read_wish, resolve

# What an entry of appliance_beside may say. What it leaves out is the profile's, but for what belongs to a model.
FIELDS = ("model", "cards", "context_length", "concurrency", "precision", "kv_cache_dtype")


class Guest(NamedTuple):
    """A further model, and how many of the node's cards are its own."""

    wish: Wish
    cards: int


def _refusal(reason: Text, fix: Text) -> Refusal:
    return Refusal("LLM539", reason, [fix])


def _checked(row: Mapping[str, Any]) -> Mapping[str, Any]:
    wrong = sorted(set(row) - set(FIELDS))
    if wrong or not row.get("model") or int(row.get("cards", 1)) < 1:
        said = ", ".join(wrong) or f"model {row.get('model')!r}, cards {row.get('cards', 1)!r}"
        raise _refusal(
            text(f"appliance_beside 的一项不正确: {said}", f"an entry of appliance_beside is wrong: {said}"),
            text("每项写 model 与 cards (至少 1)", "give each entry a model and cards (at least 1)"),
        )
    return row


def read_guests(variables: Mapping[str, Any], catalog: Catalog) -> List[Guest]:
    """The models of appliance_beside, each as a wish of its own (LLM539)."""
    infos = list(variables.get("beside_info") or [])
    guests: List[Guest] = []
    for number, row in enumerate(map(_checked, variables.get("beside") or [])):
        own = {**variables, "gguf": "", "replicas": 0, "precision": "native", "kv_cache_dtype": "auto"}
        own.update({key: value for key, value in row.items() if key != "cards"})
        own["model_info"] = infos[number] if number < len(infos) else {}
        guests.append(Guest(read_wish(own, catalog), int(row.get("cards", 1))))
    return guests


def resolve_guests(variables: Mapping[str, Any], catalog: Catalog) -> List[Dict[str, str]]:
    """Their ids and revisions by name alone, before any node is asked."""
    found = []
    for row in map(_checked, variables.get("beside") or []):
        own = {**variables, "gguf": "", "model": row["model"], "precision": row.get("precision", "native")}
        wanted = resolve(own, catalog)
        found.append({"model": str(wanted["model"]), "revision": str(wanted["revision"])})
    return found


def beside(wish: Wish, guests: List[Guest], size: Callable[[Wish], Sizing]) -> List[Tuple[str, Sizing]]:
    """The first model and each further one, all on the head, each with what of the node is its own."""
    _possible(wish, guests)
    taken = sum(guest.cards for guest in guests) if wish.head.gpus else 0
    first = len(wish.head.gpus) - taken
    if wish.head.gpus and first < 1:
        raise _refusal(
            text(
                f"{wish.head.name}: {len(wish.head.gpus)} 张 GPU, appliance_beside 要用 {taken} 张, 主模型没有可用的卡",
                f"{wish.head.name}: {len(wish.head.gpus)} GPU(s), of which appliance_beside takes {taken}: "
                "none is left for the first model",
            ),
            text("减少 appliance_beside 的 cards", "lower the cards in appliance_beside"),
        )
    node = wish.head
    engines: List[Tuple[str, Sizing]] = []
    for number, guest in enumerate([Guest(wish, first), *guests]):
        part = dataclasses.replace(node, gpus=node.gpus[: guest.cards])
        sizing = size(dataclasses.replace(guest.wish, nodes=[part], port=wish.port + number))
        name = "-" + re.sub(r"[^a-z0-9]+", "-", guest.wish.served_name.lower()).strip("-") if number else ""
        engines.append((name, sizing))
        node = _rest(node, guest.cards, sizing.memory_bytes)
    return engines


def replicas(wish: Wish, size: Callable[[Wish], Sizing]) -> List[Tuple[str, Sizing]]:
    """Several engines of one model on the head, each with cards, a unit and a port of its own: one may die alone."""
    if wish.replicas < 2:
        return [("", size(wish))]
    each = -(-wish.concurrency // wish.replicas)
    return [
        (
            f"-{number + 1}",
            size(dataclasses.replace(wish, nodes=[part], port=wish.port + number, concurrency=each)),
        )
        for number, part in enumerate(_parts(wish.head, wish.replicas))
    ]


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


def _possible(wish: Wish, guests: List[Guest]) -> None:
    if wish.engine in GGUF_ENGINES or wish.replicas > 1 or len(wish.nodes) > 1:
        raise _refusal(
            text(
                "appliance_beside 只用于单节点、单副本的容器引擎 (vllm, sglang, lmdeploy)",
                "appliance_beside is for one node, one replica and an engine in a container (vllm, sglang, lmdeploy)",
            ),
            text("去掉 appliance_beside, 或分成多个部署", "take appliance_beside out, or make several deployments"),
        )
    names = [wish.served_name, *(guest.wish.served_name for guest in guests)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _refusal(
            text(f"模型 {', '.join(twice)} 出现两次", f"model {', '.join(twice)} stands there twice"),
            text("同一模型的多个副本用 appliance_replicas", "for copies of one model use appliance_replicas"),
        )


def _rest(node: Node, cards: int, memory: int) -> Node:
    left = None if node.memory_bytes is None else max(0, node.memory_bytes - memory)
    return dataclasses.replace(node, gpus=node.gpus[cards:], memory_bytes=left)
