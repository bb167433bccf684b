# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GGUF engines: how many layers fit the cards, whether main memory holds the rest, and which file to take."""

from __future__ import annotations

import dataclasses
import posixpath
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, notice, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import joined
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.gguf_engines import (
    GgufSettings,
    ktransformers_args,
    llamacpp_args,
    ollama_env,
    ollama_modelfile,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import matches
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import GIB, kv_layer_bytes
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Node
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.on_gpus import DEVICES, oldest_driver
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import (
    Rank,
    Sizing,
    choose_image,
    gib,
    image_entry,
    start_bound,
    why,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import Wish

CARD_RESERVE = 1.0 * GIB  # compute buffers and the driver, on each card
CARD_SHARE = 0.97
HOST_RESERVE = 4.0 * GIB
SHM = GIB
KT_CARD = 11 * 10**9  # KTransformers keeps attention and shared experts on the card: 11 GB for 671B Q4
KT_HOST_SHARE = 0.945  # 382 GB of main memory for a file of 404 GB


@dataclass(frozen=True)
class Split:
    """Layers on the cards and bytes in main memory."""

    layers: int
    card_bytes: float
    host_bytes: float


def by_formula(card_gb: float, file_gb: float, layers: int) -> int:
    """Layers for the cards by the rule of thumb: GB of the cards / GB of the file x layers - 4."""
    return max(0, min(layers, int(card_gb / file_gb * layers - 4)))


def whole_heads(shape: Shape, tensors: Optional[Dict[str, int]]) -> bool:
    """Whether an MLA model's file has keys and values in one matrix, as made before llama.cpp kept the latent."""
    return bool(shape.mla and tensors and not any(".attn_k_b." in name for name in tensors))


def cache_layer_bytes(shape: Shape, tensors: Optional[Dict[str, int]]) -> float:
    """Bytes of one token in one layer: from such a file, keys and values of every head."""
    if whole_heads(shape, tensors):
        return 2.0 * shape.heads * (shape.nope_dim + shape.rope_dim + shape.v_dim)
    return kv_layer_bytes(shape, 1, "auto")


def layer_sizes(shape: Shape, file_bytes: int, tensors: Optional[Dict[str, int]] = None) -> Tuple[List[float], float]:
    """Bytes of each layer and of what lies outside the layers, from the file's tensors or in proportion."""
    if tensors:
        sizes = [0.0] * shape.layers
        outside = 0.0
        for name, size in tensors.items():
            parts = name.split(".")
            if parts[0] == "blk" and len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < shape.layers:
                sizes[int(parts[1])] += size
            else:
                outside += size
        return sizes, outside
    heads = 2 if not shape.tied else 1
    params = [_params(shape, index) for index in range(shape.layers)]
    vocabulary = float(heads * shape.vocab * shape.hidden)
    scale = file_bytes / (sum(params) + vocabulary)
    return [param * scale for param in params], vocabulary * scale


def _params(shape: Shape, index: int) -> float:
    attention = shape.hidden * shape.head_dim * 2 * (shape.heads + shape.kv_heads)
    if not shape.moe or index < shape.dense_first:
        return float(attention + shape.mlp_matrices * shape.hidden * shape.inter)
    experts = shape.experts + shape.experts_shared
    return float(attention + shape.mlp_matrices * shape.hidden * shape.moe_inter * experts)


def split(
    shape: Shape,
    file_bytes: int,
    cards: List[float],
    context: int,
    parallel: int,
    tensors: Optional[Dict[str, int]] = None,
) -> Split:
    """Fills the cards from the last layer on, as llama.cpp does; each layer takes its part of the cache along.

    `cards`: bytes of each. `tensors`: bytes by name; without them layers are placed in proportion.
    """
    sizes, outside = layer_sizes(shape, file_bytes, tensors)
    cache = cache_layer_bytes(shape, tensors) * context * parallel
    room = sum(max(0.0, card * CARD_SHARE - CARD_RESERVE) for card in cards)
    used, count, limit = 0.0, 0, shape.layers
    if tensors is None and cards:  # sizes in proportion are no better than the rule, which was found by trying
        limit = by_formula(sum(cards) / 1e9, file_bytes / 1e9, shape.layers)
    for size in reversed(sizes):
        if used + size + cache > room or count >= limit:
            break
        used += size + cache
        count += 1
    total = sum(sizes) + outside + cache * shape.layers
    if count == shape.layers and used + outside / 2 <= room:
        used += outside / 2  # the output matrix follows when all layers are on the cards
        count += 1
    return Split(count, used, total - used)


def size_on_gguf(wish: Wish, catalog: Catalog) -> Sizing:
    """Sizes one engine on the head; refused where neither cards nor main memory hold the model (LLM104, LLM546)."""
    head, shape = wish.head, wish.native_shape or wish.shape
    engine = look_up(catalog, "engines", wish.engine, "appliance_engine")
    files = (wish.entry.get("gguf") or {}).get("files") or {}
    if wish.gguf and wish.gguf not in files:
        known = ", ".join(sorted(files))
        raise Refusal("LLM529", gguf=wish.gguf, known=known)
    cards = [float(gpu.total if gpu.free is None else gpu.free) for gpu in head.gpus]
    parallel = 1 if wish.engine == "ktransformers" else wish.concurrency
    rows = {name: _known(wish, row) for name, row in files.items()}
    name, chosen = _choose(wish, shape, rows, cards, parallel)
    if wish.engine == "ktransformers":
        part = _ktransformers(wish, shape, head, cards, chosen)
    else:
        part = split(shape, chosen["bytes"], cards, wish.context, parallel, chosen["tensors"])
    wish = dataclasses.replace(
        wish,
        model_bytes=chosen["bytes"],
        model_bytes_source="hub" if chosen["files"] else "catalogue",
        include=list(chosen["include"]),
    )
    return _sizing(wish, catalog, engine, head, shape, cards, parallel, name, chosen, part)


def _known(wish: Wish, row: Dict[str, Any]) -> Dict[str, Any]:
    """A file of the catalogue with what the hub says about it: its parts, their bytes and tensors."""
    include = list(row.get("include") or [])
    files = sorted(file for file in wish.files if include and matches(file, include))
    tensors: Dict[str, int] = {}
    for file in files:
        tensors.update(wish.gguf_tensors.get(file) or {})
    whole = tensors if files and all(file in wish.gguf_tensors for file in files) else None
    size = sum(wish.files[file] for file in files) or int(row["bytes"])
    return {**row, "include": include, "files": files, "tensors": whole, "bytes": size}


def _choose(
    wish: Wish, shape: Shape, files: Dict[str, Any], cards: List[float], parallel: int
) -> Tuple[str, Dict[str, Any]]:
    """The most precise file that fits on the cards; else the most precise that fits on cards and main memory."""
    rows = sorted(files.items(), key=lambda row: -float(row[1]["bits"]))
    if wish.gguf:
        rows = [(wish.gguf, files[wish.gguf])]
    if wish.engine == "ktransformers":
        rows = [row for row in rows if row[1].get("ktransformers")] or rows[:1]
        return rows[0]
    mixed: List[Tuple[str, Dict[str, Any]]] = []
    smallest: Optional[Split] = None
    host = wish.head.memory_bytes
    for row in rows:
        part = split(shape, row[1]["bytes"], cards, wish.context, parallel, row[1]["tensors"])
        if cards and part.layers > shape.layers:
            return row
        if host is None or part.host_bytes + HOST_RESERVE <= host:
            mixed.append(row)
        smallest = part
    if mixed:
        return mixed[0]
    need = smallest.host_bytes + HOST_RESERVE if smallest else 0.0
    raise Refusal(
        "LLM104", needed=gib(need), there=gib(host or 0), need={"memory_bytes": int(need)}, have={"memory_bytes": host}
    )


def _ktransformers(wish: Wish, shape: Shape, head: Node, cards: List[float], chosen: Dict[str, Any]) -> Split:
    need = float(chosen["bytes"]) * KT_HOST_SHARE
    cache = kv_layer_bytes(shape, 1, "auto") * shape.layers * wish.context
    short = []
    if not shape.moe:
        short.append(say("plan_moe_only"))
    if not cards or max(cards) < KT_CARD + cache:
        short.append(say("plan_one_card", needed=gib(KT_CARD + cache)))
    if head.memory_bytes is not None and head.memory_bytes < need:
        short.append(say("plan_main_memory", needed=gib(need), there=gib(head.memory_bytes)))
    if short:
        raise Refusal(
            "LLM546",
            problem=joined(short),
            need={"memory_bytes": int(need)},
            have={"memory_bytes": head.memory_bytes},
        )
    return Split(0, KT_CARD + cache, need)


def _sizing(
    wish: Wish,
    catalog: Catalog,
    engine: Dict[str, Any],
    head: Node,
    shape: Shape,
    cards: List[float],
    parallel: int,
    name: str,
    chosen: Dict[str, Any],
    part: Split,
) -> Sizing:
    device = DEVICES.get(head.gpus[0].vendor, "cuda") if cards else "cpu"
    boxed = wish.engine != "ollama"
    image = None
    if boxed:
        sm = head.gpus[0].capability if device == "cuda" else None
        key = choose_image(catalog, wish.engine, device, sm, oldest_driver([head]), wish.executor == "ray")
        image = image_entry(catalog, key, wish.images, wish.image_archives)
    files = list(chosen["files"])
    folder = f"{wish.mount if boxed else wish.weights_dir}/{wish.model_id}"
    path = f"{folder}/{files[0]}" if files else f"{folder}/{name}.gguf"
    start = start_bound(chosen["bytes"], 1)
    config_id = str(wish.entry.get("id", wish.model_id))
    settings = GgufSettings(
        path=path,
        folder=posixpath.dirname(path),
        served_name=wish.served_name,
        host="0.0.0.0" if boxed else "127.0.0.1",  # noqa: S104 - in its container, published on loopback
        port=wish.port,
        context=wish.context,
        parallel=parallel,
        gpu_layers=part.layers,
        threads=max(1, (head.cpu_cores or 8) - 2),
        cards=len(cards),
        weights_dir=wish.weights_dir,
        sampling=dict(wish.sampling),
        template=str((engine.get("templates") or {}).get(wish.reasoning_parser) or ""),
        start_seconds=start,
        config_path=f"{wish.mount}/{config_id}",
        rules=str((engine.get("rules") or {}).get(shape.model_type) or ""),
        sockets=head.cpu_sockets or 1,
        all_layers=part.layers > shape.layers,
    )
    args = {"llamacpp": llamacpp_args, "ktransformers": ktransformers_args}
    tokens = wish.context * parallel
    file_gb, card_gb = chosen["bytes"] / 1e9, sum(cards) / 1e9
    rule = by_formula(card_gb, file_gb, shape.layers)
    more: Dict[str, Any] = {
        "gguf": {
            "quant": name,
            "bits": chosen["bits"],
            "bytes": chosen["bytes"],
            "files": files,
            "gpu_layers": part.layers,
            "layers": shape.layers,
            "gpu_layers_by_rule": rule,
            "path": path,
        }
    }
    disk = chosen["bytes"]
    if wish.engine == "ollama":
        more["modelfile"] = ollama_modelfile(settings)
        more["release"] = dict(engine["release"])
        if len(files) != 1:  # merged into Ollama's store; one file is linked there and takes no further space
            disk *= 2
    if wish.engine == "ktransformers" and not wish.allow_code:  # it always takes the config's own code
        raise Refusal("LLM651", model=config_id, detail="KTransformers: configuration_*.py")
    if wish.engine == "ktransformers":  # the GGUF's repository has neither tokenizer nor the code's own config
        config = f"{wish.weights_dir}/{config_id}"
        more["config"] = {"id": config_id, "path": config, "include": ["*.json", "*.py"], "exclude": ["*.index.json"]}
    notes = []
    if whole_heads(shape, chosen["tensors"]) and wish.engine != "ktransformers":
        sizes = [shape.layers * cache_layer_bytes(shape, tensors) / 2**20 for tensors in (chosen["tensors"], None)]
        notes.append(notice("LLM577", gguf=name, mib=round(sizes[0], 2), latent=round(sizes[1], 2)))
    if part.layers <= shape.layers and wish.engine != "ktransformers":
        notes.append(notice("LLM537", on_cards=part.layers, layers=shape.layers))
    indexes = [gpu.index for gpu in head.gpus]
    return Sizing(
        wish=wish,
        ranks=(Rank(head, indexes, args[wish.engine](settings) if wish.engine in args else ["serve"]),),
        device=device,
        image=image,
        version=str(image["version"]) if image else engine["supported"][0],
        layout={"tensor": 1, "pipeline": 1, "data": 1},
        gpu=head.gpus[0].kind if head.gpus else None,
        env={} if boxed else ollama_env(settings, indexes),
        shm_bytes=SHM,
        start_seconds=start,
        disk_bytes=disk,
        memory_bytes=int(part.host_bytes + HOST_RESERVE),
        memory={"per_gpu_gib": None, "cards_gib": gib(part.card_bytes), "host_gib": gib(part.host_bytes)},
        capacity={
            "kv_tokens": tokens,
            "max_context": wish.context,
            "longest_context": wish.context,
            "context": wish.context,
            "concurrency": parallel,
            "concurrency_at_context": parallel,
            "users": 10 * parallel,
        },
        why=[
            why("gguf.quant", name, "能放下的最精确的文件", "the most precise file that fits", "catalogue"),
            why(
                "gguf.gpu_layers",
                part.layers,
                f"按各层张量大小；经验公式给出 {rule}",
                f"by the tensors of each layer; the rule of thumb says {rule}",
                "VRAM / file x layers - 4",
            ),
        ],
        warnings=notes,
        more=more,
    )
