# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One composer: sized engines become the plan. Also what sizers share: images, bounds, how a number is explained."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import SCHEMA
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Bilingual, bilingual
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import GIB
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.cluster import (
    cluster_part,
    group_words,
    node_devices,
    node_env,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import Sizing
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import Wish, model_part

SLOW_DISK = 500e6  # bytes a second that even a poor NVMe disk reads
START_BASE = 600
LOOPBACK = "127.0.0.1"
UNIT_MODEL = ("id", "served_name", "path", "stamp")  # what is said of a model once more with each of its units
# What may be added up over the engines of one model.
SUMS = ("kv_tokens", "kv_tokens_best", "concurrency_at_context", "concurrency_at_request", "concurrency", "users")
# How an engine is reached, unless its entry in the catalogue says otherwise. No key variable: it knows no key.
RUN = {"key_variable": "", "cache_variable": "", "health": "/health", "models": "/v1/models"}


def gib(value: float) -> float:
    return round(value / GIB, 3)


def why(key: str, value: Any, zh: str, en: str, source: str) -> Dict[str, Any]:
    return {"key": key, "value": value, "rule": bilingual(zh, en), "source": source}


def warning(rule: str, message: Bilingual) -> Dict[str, str]:
    return {"id": rule, "zh": message["zh"], "en": message["en"]}


def start_bound(model_bytes: int, loaders: int) -> int:
    """Bound of a start: twice the time that a slow disk takes, plus set-up and compilation."""
    return int(START_BASE + 2 * model_bytes / SLOW_DISK / max(1, loaders))


def image_part(
    wish: Wish, catalog: Catalog, device: str, capability: Optional[float], driver: Optional[str]
) -> Dict[str, Any]:
    """The image that carries the engine for the card; refused when the driver is too old for its CUDA."""
    fitting = []
    for name, entry in sorted(catalog["images"].items()):
        if entry.get("engine") != wish.engine or entry.get("device") != device:
            continue
        if wish.executor == "ray" and not entry.get("ray"):
            continue
        low, high = entry.get("min_capability"), entry.get("max_capability")
        if capability is not None and low is not None and capability < float(low):
            continue
        if high is not None and (capability is None or capability > float(high)):
            continue
        fitting.append((version_key(str(entry.get("version", "0"))), not entry.get("ray"), name))
    if not fitting:
        shown = "" if capability is None else f" (sm {capability})"
        shown += " (Ray)" if wish.executor == "ray" else ""
        raise Refusal("LLM551", device=device, more=shown, engine=wish.engine)
    name = max(fitting)[-1]
    entry = look_up(catalog, "images", name, "appliance_images")
    wanted = entry.get("min_driver")
    if driver and wanted and version_key(driver) < version_key(str(wanted)):
        raise Refusal(
            "LLM209",
            image=entry["ref"],
            wanted=f"CUDA {entry.get('cuda')}, driver {wanted}",
            driver=driver,
            need={"driver": wanted},
            have={"driver": driver},
        )
    return image_entry(wish, catalog, name)


def image_entry(wish: Wish, catalog: Catalog, key: str) -> Dict[str, Any]:
    entry = dict(look_up(catalog, "images", key, "appliance_images"))
    entry.update(wish.images.get(key, {}))
    archive = wish.image_archives[0] if len(wish.image_archives) == 1 else None
    return {
        "key": key,
        "ref": entry["ref"],
        "id": entry.get("id"),
        "digest": entry.get("digest"),
        "archive": entry.get("archive", archive),
        "entrypoint": list(entry.get("entrypoint", [])),
        "bytes": entry.get("bytes"),
        "version": entry.get("version"),
        "cuda": entry.get("cuda"),
        "min_driver": entry.get("min_driver"),
        "ray": bool(entry.get("ray")),
        "roles": list(entry.get("roles", [])),
    }


def compose(wish: Wish, engines: List[Tuple[str, Sizing]], catalog: Catalog) -> Dict[str, Any]:
    """The plan of the engines of a deployment, each with the name of its unit; the first one is the wish's own."""
    first = engines[0][1]
    entry = look_up(catalog, "engines", wish.engine, "appliance_engine")
    run = {**RUN, **(entry.get("run") or {})}
    image, chat_image = first.image, image_entry(wish, catalog, wish.chat_image)
    images = ([dict(image)] if image else []) + [chat_image]
    cluster = cluster_part([rank.node for rank in first.ranks], first.executor)
    nodes: Dict[str, Any] = {}
    for name, sizing in engines:
        for number, rank in enumerate(sizing.ranks):
            node = nodes.setdefault(
                rank.node.name,
                {"rank": number, "head": number == 0, "address": rank.node.address, "gpus": [], "units": []},
            )
            node["gpus"] += rank.gpus
            node["units"].append(unit_part(name, sizing, number, cluster, run))
    models = list({sizing.wish.served_name: model_part(sizing.wish) for _name, sizing in engines}.values())
    ports = [sizing.wish.port for _name, sizing in engines] + ([first.meeting_port] if first.meeting_port else [])
    balancer = balancer_part(wish, engines)
    plan: Dict[str, Any] = {
        "schema": SCHEMA,
        "deployment": wish.deployment,
        "profile": wish.profile,
        "verdict": "fits",
        "model": models[0],
        "models_beside": models[1:],
        "totals": {model["served_name"]: totals_part(model["served_name"], engines) for model in models},
        "engine": {
            "name": wish.engine,
            "version": first.version,
            "device": first.device,
            "form": "container" if image else "service",
            "experimental": bool(entry.get("experimental")),
        },
        "run": run,
        "image": dict(image) if image else None,
        "images": images,
        "image_archives": list(wish.image_archives),
        "gpu": first.gpu,
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
            "memory_bytes": sum(sizing.memory_bytes for _name, sizing in engines),
            "ports": ports + ([balancer["port"]] if balancer else []),
        },
        "balancer": balancer,
        "chat": {
            "image": chat_image,
            "model_params": dict(wish.sampling, function_calling="legacy"),
            **page_part(engines, balancer, bridged=bool(image) and not cluster),
        },
        "sampling": dict(wish.sampling),
        "warnings": [
            *_unpinned(image),
            *(row for _name, sizing in engines for row in sizing.warnings),
            *_experimental(entry),
        ],
        "alternatives": first.alternatives,
        "why": first.why,
        **first.more,
    }
    plan["warnings"] = [row for number, row in enumerate(plan["warnings"]) if row not in plan["warnings"][:number]]
    plan["provision"] = provision(plan, entry.get("provision"))
    return plan


def unit_part(
    name: str, sizing: Sizing, number: int, cluster: Optional[Mapping[str, Any]], run: Mapping[str, Any]
) -> Dict[str, Any]:
    """One engine, or one rank of it, on one node: all that its systemd unit is made from."""
    rank, serves, port = sizing.ranks[number], number == 0, sizing.wish.port
    url = f"http://{LOOPBACK}:{port}"
    return {
        "name": name,
        "serves": serves,
        "rank": number,
        "port": port if serves else None,
        "url": url if serves else None,
        "gpus": list(rank.gpus),
        "args": list(rank.args),
        "env": {**sizing.env, **node_env(rank.node, cluster is not None)},
        "devices": node_devices(rank.node, cluster is not None),
        "group": group_words(cluster, [rank.node for rank in sizing.ranks], number, url + run["health"]),
        "model": {key: value for key, value in model_part(sizing.wish).items() if key in UNIT_MODEL},
        # Of the engine as a whole, so they stand with the rank that answers.
        "layout": dict(sizing.layout) if serves else None,
        "memory": dict(sizing.memory) if serves else None,
        "capacity": dict(sizing.capacity) if serves else None,
    }


def totals_part(served_name: str, engines: List[Tuple[str, Sizing]]) -> Dict[str, int]:
    """What all engines of a model hold together."""
    rows = [sizing.capacity for _name, sizing in engines if sizing.wish.served_name == served_name]
    return {"engines": len(rows), **{key: sum(row[key] for row in rows) for key in SUMS if key in rows[0]}}


def balancer_part(wish: Wish, engines: List[Tuple[str, Sizing]]) -> Optional[Dict[str, Any]]:
    """Where the gateway offers the engines of one model to the chat page, which knows one address a model."""
    several = len(engines) > 1 and len({sizing.wish.served_name for _name, sizing in engines}) == 1
    return {"host": LOOPBACK, "port": wish.port + len(engines)} if several else None


def page_part(
    engines: List[Tuple[str, Sizing]], balancer: Optional[Mapping[str, Any]], bridged: bool
) -> Dict[str, Any]:
    """Where the chat page runs, and where it finds each model from there."""
    if balancer:
        return {"network": "host", "engines": ["http://{host}:{port}/v1".format(**balancer)]}
    hosts = [(name if bridged else LOOPBACK, sizing.wish.port) for name, sizing in engines]
    return {
        "network": "bridge" if bridged else "host",
        "engines": [f"http://{host}:{port}/v1" for host, port in hosts],
    }


def provision(plan: Mapping[str, Any], able: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    """What site.yml can do with the plan; `able` is the engine's {role, nodes} in the catalogue, or None."""
    name, nodes = plan["engine"]["name"], len(plan["nodes"])
    if not able:
        reason = bilingual(
            f"引擎 {name} 目前只能规划, 还没有部署它的角色", f"{name} can be planned, but no role runs it yet"
        )
    elif nodes > int(able["nodes"]):
        reason = bilingual(
            f"{name} 目前只能部署在 {able['nodes']} 个节点上, 方案用了 {nodes} 个",
            f"{name} can be run on {able['nodes']} node(s) so far, the plan takes {nodes}",
        )
    else:
        return {"role": able["role"], "ready": True, "reason": bilingual("", "")}
    return {"role": (able or {}).get("role"), "ready": False, "reason": reason}


def _unpinned(image: Optional[Mapping[str, Any]]) -> List[Dict[str, str]]:
    if not image or image.get("digest") or image.get("id"):
        return []
    message = bilingual(
        f"镜像 {image['ref']} 未固定摘要; 用 appliance_images 固定",
        f"image {image['ref']} is not pinned by digest; pin it with appliance_images",
    )
    return [warning("LLM527", message)]


def _experimental(entry: Mapping[str, Any]) -> List[Dict[str, str]]:
    if not entry.get("experimental"):
        return []
    message = bilingual(
        f"{entry['title']} 为实验性支持: 参数经过检查, 但从未见到它启动",
        f"{entry['title']} is experimental: its arguments were checked, but nobody has seen it start",
    )
    return [warning("LLM540", message)]
