# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Further models beside the first one, on the same node: each with cards, a unit and a port of its own."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base._plan_error_tmp import Refusal, Text, text
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Node
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


def with_guests(wish: Wish, guests: List[Guest], plan_of: Callable[[Wish], Dict[str, Any]]) -> Dict[str, Any]:
    """The first model's plan, with `copies` on its node and `beside`: what each further model is."""
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
    plans: List[Dict[str, Any]] = []
    for number, guest in enumerate([Guest(wish, first), *guests]):
        part = dataclasses.replace(node, gpus=node.gpus[: guest.cards])
        plan = plan_of(dataclasses.replace(guest.wish, nodes=[part], port=wish.port + number))
        plans.append(plan)
        node = _rest(node, guest.cards, int(plan["needs"]["memory_bytes"] or 0))
    return _joined(plans, wish.head.name)


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


def _joined(plans: List[Dict[str, Any]], host: str) -> Dict[str, Any]:
    plan = plans[0]
    unit = plan["service"]["unit"]
    copies: List[Dict[str, Any]] = []
    for one in plans:
        node, name = one["nodes"][host], one["model"]["served_name"]
        own = "" if one is plan else "-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        copies.append(
            {
                "unit": unit + own,
                "port": one["service"]["port"],
                "gpus": node["gpus"],
                "args": node["args"],
                "env": dict(one.get("env") or {}),
                "model": one["model"],
            }
        )
    row = plan["nodes"][host]
    row["copies"] = copies
    row["gpus"] = [card for copy in copies for card in copy["gpus"]]
    plan["beside"] = [
        {"model": one["model"], "unit": copy["unit"], "port": copy["port"], "capacity": one["capacity"]}
        for one, copy in zip(plans[1:], copies[1:])
    ]
    if row["gpus"]:
        plan["container"]["gpus"] = "listed"
    plan["start"]["timeout_seconds"] = max(one["start"]["timeout_seconds"] for one in plans)
    needs = plan["needs"]
    needs["ports"] = [copy["port"] for copy in copies]
    needs["memory_bytes"] = sum(int(one["needs"]["memory_bytes"] or 0) for one in plans)
    needs["disk_bytes"]["weights"] = sum(one["needs"]["disk_bytes"]["weights"] for one in plans)
    for one in plans[1:]:
        plan["warnings"] += [entry for entry in one["warnings"] if entry not in plan["warnings"]]
    return plan
