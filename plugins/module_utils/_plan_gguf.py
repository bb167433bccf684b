# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GGUF engines: how many layers fit the cards, whether main memory holds the rest, and which file to take."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._engine_gguf import (
    GgufSettings,
    ktransformers_args,
    llamacpp_args,
    ollama_env,
    ollama_modelfile,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_error import Refusal, text
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_hardware import Node
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_parts import (
    base_plan,
    gib,
    start_part,
    warning,
    why,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_wish import Wish
from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_bytes import GIB, kv_layer_bytes
from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_shape import Shape

CARD_RESERVE = 1.0 * GIB  # compute buffers and the driver, on each card
CARD_SHARE = 0.97
HOST_RESERVE = 4.0 * GIB
KT_CARD = 11 * 10**9  # KTransformers keeps attention and shared experts on the card: 11 GB for 671B Q4
KT_HOST_SHARE = 0.945  # 382 GB of main memory for a file of 404 GB


@dataclass(frozen=True)
class Split:
    """Layers on the cards and bytes in main memory."""

    layers: int
    card_bytes: float
    host_bytes: float


def by_formula(card_gb: float, file_gb: float, layers: int) -> int:
    """The rule in use: n = VRAM / file x layers - 4."""
    return max(0, min(layers, int(card_gb / file_gb * layers - 4)))


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
    return [one * scale for one in params], vocabulary * scale


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
    """The last layers go to the cards first, as llama.cpp does; each takes its part of the cache along."""
    sizes, outside = layer_sizes(shape, file_bytes, tensors)
    cache = kv_layer_bytes(shape, 1, "auto") * context * parallel
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


def gguf_plan(wish: Wish, catalog: Catalog) -> Dict[str, Any]:
    head, shape = wish.head, wish.native_shape or wish.shape
    engine = look_up(catalog, "engines", wish.engine, "appliance_engine")
    files = (wish.entry.get("gguf") or {}).get("files") or {}
    if wish.gguf and wish.gguf not in files:
        known = ", ".join(sorted(files))
        raise Refusal(
            "LLM529",
            text(f"没有 GGUF {wish.gguf!r}；现有: {known}", f"no GGUF {wish.gguf!r}; there are: {known}"),
            [text("设置 appliance_gguf", "set appliance_gguf to one of them")],
        )
    cards = [float(gpu.total if gpu.free is None else gpu.free) for gpu in head.gpus]
    parallel = 1 if wish.engine == "ktransformers" else wish.concurrency
    name, chosen = _choose(wish, shape, files, cards, parallel)
    size = int(chosen["bytes"])
    if wish.engine == "ktransformers":
        part = _ktransformers(wish, shape, head, cards, chosen)
    else:
        part = split(shape, size, cards, wish.context, parallel, wish.gguf_tensors)
    wish.model_bytes, wish.include = size, list(chosen.get("include") or [])
    return _compose(wish, catalog, engine, head, shape, cards, parallel, name, chosen, part)


def _choose(
    wish: Wish, shape: Shape, files: Dict[str, Any], cards: List[float], parallel: int
) -> Tuple[str, Dict[str, Any]]:
    """The most precise file that lies wholly on the cards; else the most precise that card and main memory hold."""
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
        part = split(shape, int(row[1]["bytes"]), cards, wish.context, parallel)
        if cards and part.layers > shape.layers:
            return row
        if host is None or part.host_bytes + HOST_RESERVE <= host:
            mixed.append(row)
        smallest = part
    if mixed:
        return mixed[0]
    need = smallest.host_bytes + HOST_RESERVE if smallest else 0.0
    raise Refusal(
        "LLM504",
        text(
            f"内存不足: 最小的 GGUF 还需要 {gib(need):.0f} GiB 内存, 只有 {gib(host or 0):.0f} GiB",
            f"not enough main memory: the smallest GGUF wants {gib(need):.0f} GiB of it, {gib(host or 0):.0f} there",
        ),
        [
            text(
                "减小 appliance_context_length 或 appliance_concurrency",
                "lower appliance_context_length or appliance_concurrency",
            ),
            text("增加内存或 GPU", "add main memory or GPUs"),
        ],
        {"memory_bytes": int(need)},
        {"memory_bytes": host},
    )


def _ktransformers(wish: Wish, shape: Shape, head: Node, cards: List[float], chosen: Dict[str, Any]) -> Split:
    need = float(chosen["bytes"]) * KT_HOST_SHARE
    cache = kv_layer_bytes(shape, 1, "auto") * shape.layers * wish.context
    short = []
    if not shape.moe:
        short.append(("只支持 MoE 模型", "it serves mixture-of-experts models only"))
    if not cards or max(cards) < KT_CARD + cache:
        short.append(
            (f"需要一张 {gib(KT_CARD + cache):.0f} GiB 的 GPU", f"one GPU of {gib(KT_CARD + cache):.0f} GiB is needed")
        )
    if head.memory_bytes is not None and head.memory_bytes < need:
        short.append(
            (
                f"需要 {gib(need):.0f} GiB 内存, 只有 {gib(head.memory_bytes):.0f}",
                f"{gib(need):.0f} GiB of main memory needed, {gib(head.memory_bytes):.0f} there",
            )
        )
    if short:
        raise Refusal(
            "LLM504",
            text(
                "KTransformers: " + "; ".join(one[0] for one in short),
                "KTransformers: " + "; ".join(one[1] for one in short),
            ),
            [text("appliance_engine: llamacpp, 更小的 GGUF", "appliance_engine: llamacpp with a smaller GGUF")],
            {"memory_bytes": int(need)},
            {"memory_bytes": head.memory_bytes},
        )
    return Split(0, KT_CARD + cache, need)


def _compose(
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
) -> Dict[str, Any]:
    plan = base_plan(wish, catalog, None)
    folder = plan["model"]["path"]
    files = sorted(one for one in wish.files if any(fnmatch.fnmatch(one, mask) for mask in wish.include))
    merge = wish.engine == "ollama" and len(files) != 1
    path = f"{folder}/{files[0]}" if files and not merge else f"{folder}/{name}.gguf"
    settings = GgufSettings(
        path=path,
        folder=folder,
        served_name=wish.served_name,
        port=wish.port,
        context=wish.context,
        parallel=parallel,
        gpu_layers=part.layers,
        threads=max(1, (head.cpu_cores or 8) - 2),
        cards=len(cards),
        weights_dir=wish.weights_dir,
        temperature=float(wish.sampling.get("temperature", 0.6)),
        config_id=str(wish.entry.get("id", wish.model_id)),
    )
    args = {"llamacpp": llamacpp_args, "ktransformers": ktransformers_args}
    made = args[wish.engine](settings) if wish.engine in args else ["serve"]
    env = ollama_env(settings) if wish.engine == "ollama" else {}
    tokens = wish.context * parallel
    file_gb, card_gb = int(chosen["bytes"]) / 1e9, sum(cards) / 1e9
    rule = by_formula(card_gb, file_gb, shape.layers)
    plan.update(
        engine={
            "name": wish.engine,
            "version": engine["supported"][0],
            "device": "cuda" if cards else "cpu",
            "form": "service",
        },
        layout={"tensor": 1, "pipeline": 1, "data": 1},
        gpu=head.gpus[0].kind if head.gpus else None,
        nodes={
            head.name: {
                "rank": 0,
                "head": True,
                "gpus": [gpu.index for gpu in head.gpus],
                "address": head.address,
                "args": made,
                "env": {},
            }
        },
        service={"unit": engine["service"]["unit"], "host": "127.0.0.1", "port": wish.port},
        args=made,
        env=env,
        container=None,
        start=start_part(int(chosen["bytes"]), 1),
        gguf={
            "quant": name,
            "bits": chosen["bits"],
            "bytes": int(chosen["bytes"]),
            "files": files,
            "merge": merge,
            "gpu_layers": part.layers,
            "layers": shape.layers,
            "gpu_layers_by_rule": rule,
            "path": path,
        },
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
    )
    if wish.engine == "ollama":
        plan["modelfile"] = ollama_modelfile(settings)
        plan["needs"]["disk_bytes"]["weights"] = int(chosen["bytes"]) * (3 if merge else 2)  # import and merge copy
    plan["needs"]["memory_bytes"] = int(part.host_bytes + HOST_RESERVE)
    plan["why"] += [
        why("gguf.quant", name, "能放下的最精确的文件", "the most precise file that fits", "catalogue"),
        why(
            "gguf.gpu_layers",
            part.layers,
            f"按各层张量大小; 经验公式给出 {rule}",
            f"by the tensors of each layer; the rule of thumb says {rule}",
            "VRAM / file x layers - 4",
        ),
    ]
    if part.layers <= shape.layers and wish.engine != "ktransformers":
        message = text(
            f"只有 {part.layers}/{shape.layers} 层在 GPU 上: 速度受内存带宽限制",
            f"only {part.layers} of {shape.layers} layers lie on GPUs: main memory sets the pace",
        )
        plan["warnings"].append(warning("LLM537", message))
    return plan
