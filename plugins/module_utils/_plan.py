# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner: a wish, nodes and a model become one plan (docs/architecture.md), or a refusal."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils import _engine_vllm as vllm
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_error import Refusal, text
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_wish import Wish, model_part
from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_bytes import (
    GIB,
    Stage,
    kv_layer_bytes,
    stage_weights,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_shape import DTYPES, Shape

MIB = 1024**2
CPU_RUNTIME = int(2.5 * GIB)  # interpreter, libraries and buffers of the engine on a CPU
CPU_BLOCK = 128  # tokens a page of vLLM's cache holds on a CPU


def make_plan(wish: Wish, catalog: Catalog) -> Dict[str, Any]:
    if wish.device == "cpu":
        return _cpu_plan(wish, catalog)
    raise Refusal("LLM510", text("尚不支持 GPU", "GPUs are not planned yet"))


def _cpu_plan(wish: Wish, catalog: Catalog) -> Dict[str, Any]:
    """One node, one process, the cache sized to the wish: memory is shared with the system, so nothing more."""
    shape = wish.shape
    head = wish.head
    engine = look_up(catalog, "engines", wish.engine, "appliance_engine")
    image = image_part(wish, catalog, wish.engine, "cpu")
    version = str(image["version"])
    layer = kv_layer_bytes(shape, 1, "auto")
    token = layer * shape.layers
    tokens = max(wish.context, wish.concurrency * wish.request_tokens)
    blocks = -(-tokens // CPU_BLOCK) + wish.concurrency
    kv = max(64 * MIB, int(-(-(blocks * CPU_BLOCK * token) // MIB) * MIB))
    weights = int(stage_weights(shape, Stage(shape.layers, True, True, 0), 1))
    need = weights + kv + CPU_RUNTIME
    have = head.memory_bytes
    if have is not None and need > have:
        raise Refusal(
            "LLM504",
            text(
                f"内存不足: 需要 {need / GIB:.1f} GiB, 只有 {have / GIB:.1f} GiB",
                f"not enough memory: {need / GIB:.1f} GiB needed, {have / GIB:.1f} GiB there",
            ),
            [text("减小 appliance_context_length 或 appliance_concurrency", "lower appliance_context_length or appliance_concurrency")],
            {"memory_bytes": need},
            {"memory_bytes": have},
        )
    settings = vllm.Settings(
        model_path=wish.mount + "/" + wish.model_id, served_name=wish.served_name, port=wish.port, device="cpu",
        dtype=engine_dtype(shape), max_len=wish.context, max_seqs=wish.concurrency,
        max_batched=max(2048, min(wish.context, 8192)), kv_bytes=kv, reasoning_parser=wish.reasoning_parser,
        eager=wish.eager,
    )  # fmt: skip
    kv_tokens = int(kv // (CPU_BLOCK * token) * CPU_BLOCK)
    plan = base_plan(wish, catalog, image, "fits")
    plan.update(
        engine={"name": wish.engine, "version": version, "device": "cpu", "form": "container"},
        layout={"tensor": 1, "pipeline": 1, "data": 1},
        nodes={head.name: {"rank": 0, "head": True, "gpus": [], "address": head.address}},
        service={"unit": engine["service"]["unit"], "host": "127.0.0.1", "port": wish.port},
        args=vllm.command(engine, version, settings),
        env=vllm.environment(settings),
        container={"shm_bytes": 2 * GIB, "models_mount": wish.mount, "gpus": None},
        start=start_part(wish.model_bytes, 1),
        memory={"per_gpu_gib": None, "cpu_gib": {
            "weights": gib(weights), "kv": gib(kv), "runtime": gib(CPU_RUNTIME), "total": gib(need)}},
        capacity={"kv_tokens": kv_tokens, "max_context": min(kv_tokens, shape.max_len),
                  "context": wish.context, "concurrency": wish.concurrency,
                  "concurrency_at_context": kv_tokens // wish.context},
    )  # fmt: skip
    plan["needs"]["memory_bytes"] = need
    plan["why"] += [
        why("engine.device", "cpu", "档位指定 CPU", "the profile asks for the CPU", "profile"),
        why("memory.cpu_gib.kv", gib(kv), "并发 x 请求长度 x 每词元字节", "concurrency x request length x bytes a token",
            f"{int(token)} B a token"),
    ]  # fmt: skip
    return plan


def gib(value: float) -> float:
    return round(value / GIB, 3)


def why(key: str, value: Any, zh: str, en: str, source: str) -> Dict[str, Any]:
    return {"key": key, "value": value, "rule": text(zh, en), "source": source}


def engine_dtype(shape: Shape) -> str:
    return shape.dtype if shape.dtype in DTYPES else "bfloat16"


def start_part(model_bytes: int, loaders: int) -> Dict[str, Any]:
    """Bound of a start: twice the time a slow disk takes, plus set-up and compilation."""
    return {"timeout_seconds": int(600 + 2 * model_bytes / 500e6 / max(1, loaders))}


def image_part(wish: Wish, catalog: Catalog, engine: str, device: str) -> Dict[str, Any]:
    """The image that carries the engine for the device: the profile's, or the only one that fits."""
    names = [
        name for name, entry in catalog["images"].items()
        if entry.get("engine") == engine and entry.get("device") == device and not entry.get("max_capability")
    ]  # fmt: skip
    if not names:
        raise Refusal(
            "LLM524",
            text(
                f"没有用于 {device} 的 {engine} 镜像",
                f"no image of {engine} for device {device} is in the catalogue",
            ),
            [text("选择另一引擎, 或在目录中添加镜像", "take another engine, or add an image to the catalogue")],
        )
    return image_entry(wish, catalog, sorted(names)[0])


def image_entry(wish: Wish, catalog: Catalog, key: str) -> Dict[str, Any]:
    entry = dict(look_up(catalog, "images", key, "appliance_images"))
    entry.update(wish.images.get(key, {}))
    archive = wish.image_archives[0] if len(wish.image_archives) == 1 else None
    return {
        "key": key, "ref": entry["ref"], "id": entry.get("id"), "digest": entry.get("digest"),
        "archive": entry.get("archive", archive), "entrypoint": list(entry.get("entrypoint", [])),
        "bytes": entry.get("bytes"), "version": entry.get("version"), "roles": list(entry.get("roles", [])),
    }  # fmt: skip


def base_plan(wish: Wish, catalog: Catalog, image: Mapping[str, Any], verdict: str) -> Dict[str, Any]:
    """What every plan holds, whatever the engine."""
    chat_image = image_entry(wish, catalog, wish.chat_image)
    images: List[Dict[str, Any]] = [dict(image), chat_image]
    return {
        "schema": 1, "deployment": wish.deployment, "profile": wish.profile, "verdict": verdict,
        "model": model_part(wish), "image": dict(image), "images": images,
        "image_archives": list(wish.image_archives),
        "needs": {
            "disk_bytes": {"weights": wish.model_bytes, "images": sum(int(entry["bytes"] or 0) for entry in images)},
            "memory_bytes": 0,
            "ports": [wish.port],
        },
        "chat": {"image": chat_image, "model_params": dict(wish.sampling, function_calling="legacy")},
        "sampling": dict(wish.sampling), "warnings": [], "alternatives": [], "why": [],
    }  # fmt: skip
