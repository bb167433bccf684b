# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vLLM on CPUs, one rank on each node: a cache no larger than the wish, as memory is shared with the system."""

from __future__ import annotations

import dataclasses
from typing import List

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.vllm import ENVIRONMENT, Settings, command
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import DTYPES
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import (
    GIB,
    Stage,
    kv_layer_bytes,
    stage_weights,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan import heal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.cluster import MASTER_PORT, check_addresses
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Node
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import (
    Rank,
    Sizing,
    choose_image,
    gib,
    image_entry,
    runs_own_code,
    start_bound,
    why,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import Wish

MIB = 1024**2
RUNTIME = int(2.5 * GIB)  # interpreter, libraries and buffers
BLOCK = 128  # tokens of one page of the cache
SHM = 2 * GIB


def _nodes(wish: Wish, ranks: int) -> List[Node]:
    if ranks > len(wish.nodes):
        raise Refusal("LLM512", ranks=ranks, there=len(wish.nodes))
    if ranks > 1:
        check_addresses(wish.nodes[:ranks])
    return wish.nodes[:ranks]


def size_on_cpus(wish: Wish, catalog: Catalog) -> Sizing:
    """Sizes one engine; refused for too little memory (LLM104), too few nodes (LLM512) or an unknown cache (LLM547)."""
    shape, head = wish.shape, wish.head
    if not shape.sized or shape.mixed or shape.compressed or not shape.known:
        raise Refusal("LLM547", model_type=shape.model_type)
    tensor, pipeline = wish.layout.get("tensor", 1), wish.layout.get("pipeline", 1)
    used = _nodes(wish, tensor * pipeline)
    spread = len(used) > 1
    executor = (wish.executor or "mp") if spread else None
    engine = look_up(catalog, "engines", wish.engine, "appliance_engine")
    name = choose_image(catalog, wish.engine, "cpu", None, None, wish.executor == "ray")
    image = image_entry(catalog, name, wish.images, wish.image_archives)
    version = str(image["version"])
    own = runs_own_code(wish.model_id, wish.config, wish.allow_code, engine, version)
    wish = dataclasses.replace(wish, own_code=own)
    token = kv_layer_bytes(shape, 1, "auto") * shape.layers
    healed, ended = heal.Told(), heal.found(wish.calibration, wish.subject, version, None)
    if ended:
        wish, healed = heal.on_cpus(wish, ended, token, BLOCK)
    tokens = max(wish.context, wish.concurrency * wish.request_tokens)
    blocks = -(-tokens // BLOCK) + wish.concurrency
    kv = max(64 * MIB, int(-(-(blocks * BLOCK * token) // MIB) * MIB))
    weights = int(stage_weights(shape, Stage(shape.layers, True, True, 0), 1))
    need = weights + kv + RUNTIME  # a node; that weights and cache are divided is not counted on
    have = min((node.memory_bytes for node in used if node.memory_bytes is not None), default=None)
    if have is not None and need > have:
        raise Refusal(
            "LLM104", needed=gib(need), there=gib(have), need={"memory_bytes": need}, have={"memory_bytes": have}
        )
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
        trust_remote_code=wish.own_code,
        host="127.0.0.1" if spread else "0.0.0.0",  # noqa: S104 - inside the container
        tensor=tensor,
        pipeline=pipeline,
        executor=executor,
        nodes=len(used) if executor == "mp" else 1,
        master_address=head.address if executor == "mp" else None,
        master_port=MASTER_PORT if executor == "mp" else None,
    )
    kv_tokens = int(kv // (BLOCK * token) * BLOCK)
    return Sizing(
        wish=wish,
        ranks=tuple(
            Rank(node, [], command(engine, version, dataclasses.replace(settings, node_rank=rank)))
            for rank, node in enumerate(used)
        ),
        device="cpu",
        image=image,
        version=version,
        layout={"tensor": tensor, "pipeline": pipeline, "data": 1},
        executor=executor,
        env=dict(ENVIRONMENT),
        shm_bytes=SHM,
        start_seconds=start_bound(wish.model_bytes, 1),
        disk_bytes=wish.model_bytes,
        memory_bytes=need,
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
        warnings=list(healed.warnings),
        why=[
            *healed.why,
            why("engine.device", "cpu", "档位指定 CPU", "the profile asks for the CPU", "profile"),
            why(
                "memory.cpu_gib.kv",
                gib(kv),
                "并发 × 请求长度 × 每词元字节",
                "concurrency x request length x bytes a token",
                f"{int(token)} B a token",
            ),
        ],
    )
