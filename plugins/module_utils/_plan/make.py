# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner: a wish becomes one plan (docs/architecture.md), or a refusal.

The wish is divided among the engines of the deployment, a sizer sizes each, and all of them are composed to the plan.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import DOOR, SCHEMA
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, notice, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import bilingual
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.units import CACHE, CLUSTER_KEY
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import STAMP, Manifest, selected
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import GIB
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.cluster import (
    cluster_part,
    group_words,
    node_devices,
    node_env,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.gateways import gateways_part
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import card_title
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.independent import (
    check_alike,
    check_independent,
    of_node,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.on_cpus import size_on_cpus
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.on_gguf import size_on_gguf
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.on_gpus import size_on_gpus
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.since import idle
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import (
    Sizing,
    asked,
    check_machine,
    image_entry,
    why,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.speed import speeds
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import (
    GGUF_ENGINES,
    Guest,
    Wish,
    beside_refusal,
)

LOOPBACK = "127.0.0.1"
UNIT_MODEL = ("id", "served_name", "path", "stamp")  # what is said of a model once more with each of its units
# What may be added up over the engines of one model.
SUMS = ("kv_tokens", "kv_tokens_best", "concurrency_at_context", "concurrency_at_request", "concurrency", "users")
# How an engine is reached, unless its entry in the catalogue says otherwise. No key variable: it knows no key.
RUN = {"key_variable": "", "cache_variable": "", "health": "/health", "models": "/v1/models"}


def make_plan(wish: Wish, catalog: Catalog) -> Dict[str, Any]:
    """The plan of a wish (docs/plan.schema.json); Refusal with what would fit where it does not."""
    size = size_on_cpus if wish.device == "cpu" else size_on_gpus
    if wish.engine in GGUF_ENGINES:
        size = size_on_gguf
    unit = str(look_up(catalog, "engines", wish.engine, "appliance_engine")["service"]["unit"])
    gateways_part(wish.two, wish.nodes, wish.independent)  # refused before anything is sized
    if wish.independent:
        return compose(wish, on_each_node(wish, unit, size, catalog), catalog)
    engines: List[Tuple[str, Sizing]] = []
    left = wish.head.memory_bytes
    for suffix, part in shares(wish):
        # Models beside each other differ in size: each has the main memory that those before it leave.
        nodes = [dataclasses.replace(part.head, memory_bytes=left)] if wish.beside else part.nodes
        sizing = size(dataclasses.replace(part, nodes=nodes), catalog)
        left = left and max(0, left - sizing.memory_bytes)
        engines.append((unit + suffix, sizing))
    return compose(wish, engines, catalog)


def on_each_node(
    wish: Wish, unit: str, size: Callable[[Wish, Catalog], Sizing], catalog: Catalog
) -> List[Tuple[str, Sizing]]:
    """The engines of nodes that serve by themselves: each sized for its node, all with one context (LLM558)."""
    check_independent(wish, look_up(catalog, "engines", wish.engine, "appliance_engine"))
    engines: List[Tuple[str, Sizing]] = []
    for suffix, part in shares(wish):
        try:
            engines.append((unit + suffix, size(part, catalog)))
        except Refusal as refusal:
            raise of_node(refusal, part.head.name) from None
    check_alike([sizing for _name, sizing in engines])
    # What ended for lack of memory on one kind of cards is made smaller there: a client meets one length everywhere.
    shortest = min(sizing.wish.context for _name, sizing in engines)
    if any(sizing.wish.context > shortest for _name, sizing in engines):
        return on_each_node(dataclasses.replace(wish, context=shortest), unit, size, catalog)
    return engines


def shares(wish: Wish) -> List[Tuple[str, Wish]]:
    """Each engine of the deployment: what its unit's name ends with, and the wish for its own cards and port.

    A single engine has all nodes. Copies of a model and further models share a node: one may die alone.
    """
    if wish.independent:
        of_one = dataclasses.replace(wish, independent=False, concurrency=-(-wish.concurrency // len(wish.nodes)))
        return [each for node in wish.nodes for each in shares(dataclasses.replace(of_one, nodes=[node]))]
    head, memory = wish.head, wish.head.memory_bytes
    if wish.beside:
        guests = [Guest(wish, _cards_left(wish)), *wish.beside]
        names = [re.sub(r"[^a-z0-9]+", "-", guest.wish.served_name.lower()).strip("-") for guest in guests]
        suffixes = ["", *(f"-{name}" for name in names[1:])]
    elif wish.replicas > 1:
        if len(head.gpus) % wish.replicas:
            raise Refusal("LLM542", node=head.name, cards=len(head.gpus), count=wish.replicas)
        copy = dataclasses.replace(wish, concurrency=-(-wish.concurrency // wish.replicas))
        guests = [Guest(copy, len(head.gpus) // wish.replicas)] * wish.replicas
        suffixes = [f"-{number + 1}" for number in range(wish.replicas)]
        memory = memory and memory // wish.replicas
    else:
        return [("", wish)]
    found, taken = [], 0
    for number, (suffix, guest) in enumerate(zip(suffixes, guests)):
        cards = head.gpus[taken : taken + guest.cards]
        taken += guest.cards
        part = dataclasses.replace(head, gpus=cards, memory_bytes=memory)
        found.append((suffix, dataclasses.replace(guest.wish, nodes=[part], port=wish.port + number)))
    return found


def _cards_left(wish: Wish) -> int:
    """Cards for the first model, where others are served beside it; refuses what can't be (LLM539)."""
    if wish.engine in GGUF_ENGINES or wish.replicas > 1 or len(wish.nodes) > 1:
        raise beside_refusal(say("beside_alone"), say("beside_alone_remedy"))
    names = [wish.served_name, *(guest.wish.served_name for guest in wish.beside)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise beside_refusal(say("beside_twice", names=twice), say("beside_twice_remedy"))
    cards, taken = len(wish.head.gpus), sum(guest.cards for guest in wish.beside)
    if cards and cards <= taken:
        raise beside_refusal(
            say("beside_cards", node=wish.head.name, cards=cards, taken=taken), say("beside_cards_remedy")
        )
    return max(0, cards - taken)


def compose(wish: Wish, engines: List[Tuple[str, Sizing]], catalog: Catalog) -> Dict[str, Any]:
    """The plan of a deployment's engines, each with the name of its unit; the first is that of the wish itself."""
    first, gateways = engines[0][1], gateways_part(wish.two, wish.nodes, wish.independent)
    trusted = next((sizing.wish.allow_code for _name, sizing in engines if sizing.wish.own_code), "")
    entry = look_up(catalog, "engines", wish.engine, "appliance_engine")
    image = first.image
    chat_image = image_entry(catalog, wish.chat_image, wish.images, wish.image_archives)
    images = ([dict(image)] if image else []) + [chat_image]
    cluster = cluster_part([rank.node for rank in first.ranks], first.executor)
    run = {**RUN, **(entry.get("run") or {})}
    # Environment variable -> name of the node's secret that it holds.
    run["secrets"] = {run["key_variable"]: "engine-key"} if run["key_variable"] else {}
    if cluster and cluster["ray_port"]:
        run["secrets"]["RAY_AUTH_TOKEN"] = CLUSTER_KEY
    models = {sizing.wish.served_name: model_part(sizing.wish) for _name, sizing in engines}
    for _name, sizing in engines:
        for rank in sizing.ranks:
            part = sizing.image or {"ref": wish.engine, "host": asked(entry, f"engines: {wish.engine}")}
            check_machine(part["ref"], part["host"], rank.node)
    check_machine(chat_image["ref"], chat_image["host"], first.ranks[0].node)
    nodes: Dict[str, Any] = {}
    memory: Dict[str, int] = {}  # that the engines of a node need
    for name, sizing in engines:
        for number, rank in enumerate(sizing.ranks):
            head = rank.node.name == wish.head.name
            node = nodes.setdefault(
                rank.node.name,
                {"rank": len(nodes), "head": head, "address": rank.node.address, "gpus": [], "units": []},
            )
            node["gpus"] += rank.gpus
            # A gateway on another node asks it by the network between the nodes.
            where = LOOPBACK if cluster or (head and not gateways) else rank.node.address
            node["units"].append(unit_part(name, sizing, number, models[sizing.wish.served_name], cluster, run, where))
            memory[rank.node.name] = memory.get(rank.node.name, 0) + sizing.memory_bytes
    ports = list(dict.fromkeys(sizing.wish.port for _name, sizing in engines))
    inner = [first.meeting_port] if first.meeting_port else []
    # The chat page meets the engines through the gateway alone: it holds no key of theirs and sees no more of them.
    balancer = {"host": DOOR, "port": wish.port + len(ports)}
    plan: Dict[str, Any] = {
        "schema": SCHEMA,
        "deployment": wish.deployment,
        "profile": wish.profile,
        "tier": tier(catalog, wish.profile),
        "verdict": "fits",
        "model": models[wish.served_name],
        "models_beside": list(models.values())[1:],
        "totals": {
            name: totals([sizing.capacity for _name, sizing in engines if sizing.wish.served_name == name])
            for name in models
        },
        "engine": {
            "name": wish.engine,
            "version": first.version,
            "device": first.device,
            "form": "container" if image else "service",
            "experimental": bool(entry.get("experimental")),
            "host": {} if image else asked(entry, f"engines: {wish.engine}"),
        },
        "provision": provision(wish.engine, len(first.ranks), entry.get("provision")),
        "run": run,
        "image": dict(image) if image else None,
        "images": images,
        "image_archives": list(wish.image_archives),
        "gpu": first.gpu,
        "card": _cards([sizing.gpu for _name, sizing in engines], catalog),
        "executor": first.executor,
        "cluster": cluster,
        "nodes": nodes,
        "container": {
            "shm_bytes": max(sizing.shm_bytes for _name, sizing in engines),
            "models_mount": wish.mount,
            "network": "host" if cluster else "bridge",
        }
        if image
        else None,
        "start": {"timeout_seconds": max(sizing.start_seconds for _name, sizing in engines)},
        "needs": {
            "disk_bytes": {
                "weights": sum({sizing.wish.served_name: sizing.disk_bytes for _name, sizing in engines}.values()),
                "images": sum(int(row["bytes"] or 0) for row in images),
            },
            "memory_bytes": max(memory.values()),
            "ports": [*ports, *inner, balancer["port"]],
        },
        "balancer": balancer,
        **({"gateways": gateways} if gateways else {}),
        "chat": {
            "image": chat_image,
            "model_params": dict(wish.sampling, function_calling="legacy"),
            "network": "bridge",
            "engines": ["http://{host}:{port}/v1".format(**balancer)],
        },
        "monitored": _watched(
            catalog["profiles"][wish.profile].get("watch_memory_gib"),
            wish.head.memory_bytes,
            memory[wish.head.name],
        ),
        "sampling": dict(wish.sampling),
        "warnings": [
            *idle([node.name for node in wish.nodes], list(nodes), wish.replicas > 1 or bool(wish.beside)),
            *_unpinned(image),
            *(row for _name, sizing in engines for row in sizing.warnings),
            *_experimental(entry),
            *([notice("LLM578", model=wish.model_id, reason=trusted)] if trusted else []),
        ],
        "alternatives": first.alternatives,
        "why": [
            *first.why,
            *_users(wish.concurrency),
            *_programs(wish.left_out, trusted),
        ],
        **first.more,
    }
    plan["speed"] = speeds([sizing.question() for _name, sizing in engines], plan["totals"], catalog)
    plan["warnings"] = [row for number, row in enumerate(plan["warnings"]) if row not in plan["warnings"][:number]]
    return plan


def _cards(kinds: Sequence[Optional[str]], catalog: Catalog) -> Optional[str]:
    """The cards as their maker calls them; independent nodes may have different ones."""
    titles = [card_title(catalog["gpus"].get(kind or "") or {}) for kind in kinds]
    return " / ".join(dict.fromkeys(filter(None, titles))) or None


def _watched(floor_gib: Optional[float], memory_bytes: Optional[int], needed: int) -> bool:
    """Whether monitoring has room beside the engines; a head whose memory nobody told has it, like its bundle."""
    return floor_gib is not None and (memory_bytes is None or memory_bytes - needed >= floor_gib * GIB)


def tier(catalog: Catalog, profile: str) -> Dict[str, str]:
    """The name of a profile for customers."""
    found: Dict[str, str] = catalog["profiles"][profile].get("title") or bilingual(profile, profile)
    return found


def _users(concurrency: int) -> List[Dict[str, Any]]:
    zh, en = "10 × 并发数：按每 10 人中 1 人同时提问估算", "10 × requests at once: one of ten asks at the same time"
    return [why("users", 10 * concurrency, zh, en, "estimate")]


def _programs(left_out: Sequence[str], reason: str) -> List[Dict[str, Any]]:
    """What of the repository is code: left out, or run for the reason that the site gives."""
    found = []
    if left_out:
        names = ", ".join(left_out[:3]) + (f", ... ({len(left_out)})" if len(left_out) > 3 else "")
        zh = "仓库中的程序和 pickle 文件不下载：引擎自带该模型的代码"
        en = "programs and pickles of the repository are not fetched: the engine has its own code"
        found.append(why("model.left_out", names, zh, en, "appliance_allow_remote_code, appliance_allow_pickle"))
    if reason:
        zh = "引擎运行仓库中的 Python 代码，站点给出的理由"
        en = "the engine runs Python of the repository; the site's reason"
        found.append(why("model.remote_code", reason, zh, en, "appliance_allow_remote_code"))
    return found


def model_part(wish: Wish) -> Dict[str, Any]:
    """A model as roles read it: where it lies on the nodes, and the files that belong to it."""
    path = f"{wish.weights_dir}/{wish.model_id}"
    # The files as the hub listed them when the plan was made: the download takes these or says what moved.
    files = selected(wish.listing, wish.include, wish.exclude)
    manifest = None
    if files:
        digest = Manifest(wish.model_id, wish.revision, files).digest()
        manifest = {"sha256": digest, "files": [file._asdict() for file in files]}
    return {
        "id": wish.model_id,
        "served_name": wish.served_name,
        "revision": wish.revision,
        "path": path,
        "stamp": f"{path}/{STAMP}",
        "context": wish.context,
        "include": wish.include,
        "exclude": wish.exclude,
        "manifest": manifest,
        "bytes": wish.model_bytes,
        "bytes_source": wish.model_bytes_source,
    }


def unit_part(
    name: str,
    sizing: Sizing,
    number: int,
    model: Mapping[str, Any],
    cluster: Optional[Mapping[str, Any]],
    run: Mapping[str, Any],
    host: str = LOOPBACK,
) -> Dict[str, Any]:
    """One engine, or one rank of it, on one node: everything its systemd unit is made from."""
    rank, serves, port = sizing.ranks[number], number == 0, sizing.wish.port
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    kept = sizing.image and run["cache_variable"]  # a container's own cache, mounted there
    return {
        "name": name,
        "serves": serves,
        "rank": number,
        "port": port if serves else None,
        "url": url if serves else None,
        "gpus": list(rank.gpus),
        "args": list(rank.args),
        "env": {**sizing.env, **node_env(rank.node, cluster), **({run["cache_variable"]: CACHE} if kept else {})},
        "devices": node_devices(rank.node, cluster is not None),
        "group": group_words(cluster, [rank.node for rank in sizing.ranks], number, url + run["health"]),
        "model": {key: model[key] for key in UNIT_MODEL},
        # Of the engine as a whole, so they stand with the rank that answers.
        "layout": dict(sizing.layout) if serves else None,
        "memory": dict(sizing.memory) if serves else None,
        "capacity": dict(sizing.capacity) if serves else None,
    }


def totals(capacities: List[Mapping[str, Any]]) -> Dict[str, int]:
    """What all engines of a model hold together."""
    sums = {key: sum(row[key] for row in capacities) for key in SUMS if key in capacities[0]}
    return {"engines": len(capacities), **sums}


def provision(name: str, nodes: int, able: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    """Which role runs the plan, if one can; `able` is the engine's {role, nodes} in the catalogue, or None."""
    if not able:
        reason = bilingual(
            f"引擎 {name} 目前只能规划，还没有部署它的角色", f"{name} can be planned, but no role runs it yet"
        )
    elif nodes > int(able["nodes"]):
        reason = bilingual(
            f"{name} 目前只能部署在 {able['nodes']} 个节点上，方案用了 {nodes} 个",
            f"{name} can be run on {able['nodes']} node(s) so far, the plan takes {nodes}",
        )
    else:
        return {"role": able["role"], "ready": True, "reason": bilingual("", "")}
    return {"role": (able or {}).get("role"), "ready": False, "reason": reason}


def _unpinned(image: Optional[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    if not image or image.get("digest") or image.get("id"):
        return []
    return [notice("LLM527", image=image["ref"])]


def _experimental(entry: Mapping[str, Any]) -> List[Dict[str, Any]]:
    if not entry.get("experimental"):
        return []
    return [notice("LLM540", engine=entry["title"])]
