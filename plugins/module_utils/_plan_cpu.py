# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vLLM on a CPU: one process, its cache no larger than the wish, since memory is shared with the system."""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._engine_vllm import Settings, command, environment
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_error import Refusal, text
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_parts import (
    base_plan,
    gib,
    image_part,
    start_part,
    why,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_wish import Wish
from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_bytes import (
    GIB,
    Stage,
    kv_layer_bytes,
    stage_weights,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_shape import DTYPES

MIB = 1024**2
RUNTIME = int(2.5 * GIB)  # interpreter, libraries and buffers
BLOCK = 128  # tokens of one page of the cache
SHM = 2 * GIB


def cpu_plan(wish: Wish, catalog: Catalog) -> Dict[str, Any]:
    shape, head = wish.shape, wish.head
    if not shape.sized:
        raise Refusal(
            "LLM532",
            text(
                f"{shape.model_type} 的缓存不能按词元计算",
                f"the cache of {shape.model_type} can't be sized by the token",
            ),
            [text("选择另一模型", "take another model")],
        )
    engine = look_up(catalog, "engines", wish.engine, "appliance_engine")
    image = image_part(wish, catalog, "cpu", None, None)
    token = kv_layer_bytes(shape, 1, "auto") * shape.layers
    tokens = max(wish.context, wish.concurrency * wish.request_tokens)
    blocks = -(-tokens // BLOCK) + wish.concurrency
    kv = max(64 * MIB, int(-(-(blocks * BLOCK * token) // MIB) * MIB))
    weights = int(stage_weights(shape, Stage(shape.layers, True, True, 0), 1))
    need = weights + kv + RUNTIME
    have = head.memory_bytes
    if have is not None and need > have:
        raise Refusal(
            "LLM104",
            text(
                f"内存不足: 需要 {gib(need):.1f} GiB, 只有 {gib(have):.1f} GiB",
                f"not enough memory: {gib(need):.1f} GiB needed, {gib(have):.1f} GiB there",
            ),
            [
                text(
                    "减小 appliance_context_length 或 appliance_concurrency",
                    "lower appliance_context_length or appliance_concurrency",
                )
            ],
            {"memory_bytes": need},
            {"memory_bytes": have},
        )
    version = str(image["version"])
    settings = Settings(
        model_path=wish.mount + "/" + wish.model_id,
        served_name=wish.served_name,
        port=wish.port,
        device="cpu",
        dtype=shape.dtype if shape.dtype in DTYPES else "bfloat16",
        max_len=wish.context,
        max_seqs=wish.concurrency,
        max_batched=max(2048, min(wish.context, 8192)),
        kv_bytes=kv,
        reasoning_parser=wish.reasoning_parser,
        eager=wish.eager,
    )
    kv_tokens = int(kv // (BLOCK * token) * BLOCK)
    plan = base_plan(wish, catalog, image)
    plan.update(
        engine={"name": wish.engine, "version": version, "device": "cpu", "form": "container"},
        layout={"tensor": 1, "pipeline": 1, "data": 1},
        nodes={head.name: {"rank": 0, "head": True, "gpus": [], "address": head.address, "args": [], "env": {}}},
        service={"unit": engine["service"]["unit"], "host": "127.0.0.1", "port": wish.port},
        args=command(engine, version, settings),
        env=environment(settings),
        container={"shm_bytes": SHM, "models_mount": wish.mount, "gpus": None, "network": "bridge"},
        start=start_part(wish.model_bytes, 1),
        memory={
            "per_gpu_gib": None,
            "cpu_gib": {"weights": gib(weights), "kv": gib(kv), "runtime": gib(RUNTIME), "total": gib(need)},
        },
        capacity={
            "kv_tokens": kv_tokens,
            "max_context": min(kv_tokens, shape.max_len),
            "longest_context": min(kv_tokens, shape.max_len),
            "context": wish.context,
            "concurrency": wish.concurrency,
            "concurrency_at_context": kv_tokens // wish.context,
            "users": 10 * wish.concurrency,
        },
    )
    plan["nodes"][head.name]["args"] = list(plan["args"])
    plan["needs"]["memory_bytes"] = need
    plan["why"] += [
        why("engine.device", "cpu", "档位指定 CPU", "the profile asks for the CPU", "profile"),
        why(
            "memory.cpu_gib.kv",
            gib(kv),
            "并发 x 请求长度 x 每词元字节",
            "concurrency x request length x bytes a token",
            f"{int(token)} B a token",
        ),
    ]
    return plan
