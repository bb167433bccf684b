# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several engines on one node: copies of a model, or further models beside the first one."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
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


def _refusal(problem: Text, remedy: Text) -> Refusal:
    return Refusal("LLM539", problem=problem, remedies=[remedy])


def _checked(row: Mapping[str, Any]) -> Mapping[str, Any]:
    wrong = sorted(set(row) - set(FIELDS))
    if wrong or not row.get("model") or int(row.get("cards", 1)) < 1:
        said = ", ".join(wrong) or f"model {row.get('model')!r}, cards {row.get('cards', 1)!r}"
        raise _refusal(say("beside_entry", said=said), say("beside_entry_remedy"))
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
            say("beside_cards", node=wish.head.name, cards=len(wish.head.gpus), taken=taken),
            say("beside_cards_remedy"),
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
        raise Refusal("LLM542", node=node.name, cards=len(node.gpus), count=count)
    size = len(node.gpus) // count
    memory = None if node.memory_bytes is None else node.memory_bytes // count
    return [
        dataclasses.replace(node, gpus=node.gpus[size * number : size * (number + 1)], memory_bytes=memory)
        for number in range(count)
    ]


def _possible(wish: Wish, guests: List[Guest]) -> None:
    if wish.engine in GGUF_ENGINES or wish.replicas > 1 or len(wish.nodes) > 1:
        raise _refusal(say("beside_alone"), say("beside_alone_remedy"))
    names = [wish.served_name, *(guest.wish.served_name for guest in guests)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _refusal(say("beside_twice", names=twice), say("beside_twice_remedy"))


def _rest(node: Node, cards: int, memory: int) -> Node:
    left = None if node.memory_bytes is None else max(0, node.memory_bytes - memory)
    return dataclasses.replace(node, gpus=node.gpus[cards:], memory_bytes=left)
