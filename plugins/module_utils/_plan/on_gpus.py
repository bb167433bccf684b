# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes engines on GPUs that hold a model as vLLM does: vLLM, SGLang, LMDeploy."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, notice
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import lmdeploy, sglang, vllm
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.vllm import Settings, has_flag
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.memory import Memory, margin_gib, stage_memories
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import GIB, checkpoint_bytes, padded
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan import heal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.calibrate import kv_factor
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.cluster import (
    DATA_PORT,
    MASTER_PORT,
    check_addresses,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.explain import (
    alternatives,
    reasons,
    warnings,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Gpu, Node
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.precision import (
    CannotRun,
    Card,
    Precision,
    cache_form,
    decide,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.refuse import cannot_run, refuse
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.search import (
    Candidate,
    Problem,
    longest_context,
    preference,
    run_of,
    search,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import (
    Rank,
    Sizing,
    choose_image,
    image_entry,
    runs_own_code,
    start_bound,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.ways import Site, ask, choose, load_of, rule_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import Wish

DEVICES = {"nvidia": "cuda", "amd": "rocm", "huawei": "npu", "hygon": "dcu"}
# Engines that take vLLM's settings and have one command line, whatever their version.
COMMANDS: Dict[str, Callable[[Settings], List[str]]] = {"sglang": sglang.command, "lmdeploy": lmdeploy.command}
AGREE = 0.01  # headers of the files
UNIFIED = 0.8  # of a memory that the system, the page cache and other programs use as well
SHM_SHARED, SHM_SINGLE = 16 * GIB, 4 * GIB


def _evenly(problem: Problem, nodes: List[Node]) -> Tuple[Problem, List[Candidate], List[Node]]:
    """The best of equally many cards a node: of all nodes, or of those that have more, the head among them."""
    choices = []
    for cards in sorted({len(node.gpus) for node in nodes if len(node.gpus) <= len(nodes[0].gpus)}):
        pool = [node for node in nodes if len(node.gpus) >= cards]
        part = dataclasses.replace(problem, nodes=len(pool), gpus=cards)
        choices.append((part, search(part), pool))
    fitting = [choice for choice in choices if choice[1] and choice[1][0].fits]
    return min(fitting, key=lambda choice: preference(choice[1][0])) if fitting else choices[0]


def same_cards(nodes: List[Node]) -> Tuple[Gpu, int]:
    """The smallest card, and how many each node has.

    Different kinds of cards are refused (LLM507), as are none (LLM511).
    """
    bare = [node.name for node in nodes if not node.gpus]
    if bare:
        names = ", ".join(bare)
        raise Refusal("LLM511", names=names)
    kinds = {gpu.kind: gpu.name for node in nodes for gpu in node.gpus}
    if len(kinds) > 1:
        listed = ", ".join(sorted(kinds.values()))
        raise Refusal("LLM507", listed=listed)
    gpus = [gpu for node in nodes for gpu in node.gpus]
    smallest = min(gpus, key=lambda gpu: (gpu.total, -1 if gpu.free is None else gpu.free))
    if smallest.total <= 0:
        raise Refusal("LLM543", kind=smallest.name)
    free = [gpu.free for gpu in gpus if gpu.free is not None]
    return dataclasses.replace(smallest, free=min(free) if free else None), min(len(node.gpus) for node in nodes)


def oldest_driver(nodes: List[Node]) -> Optional[str]:
    """The oldest driver among the nodes; None where none is known."""
    drivers = [node.driver for node in nodes if node.driver]
    return min(drivers, key=version_key) if drivers else None


def utilization_of(engine: Dict[str, Any], version: str, gpu: Gpu, unified: bool = False) -> float:
    """The share of a card that the engine takes by itself, or what is free where other programs hold memory.

    Less where card and system share one memory.
    """
    share = 0.9
    for since, value in engine["utilization"].items():
        if version_key(version) >= version_key(str(since)):
            share = float(value)
    share = min(share, UNIFIED) if unified else share
    if gpu.free is not None and gpu.free < share * gpu.total:
        share = int(100 * gpu.free / gpu.total) / 100
    return share


def size_on_gpus(wish: Wish, catalog: Catalog) -> Sizing:
    """Sizes one engine.

    Refused where no layout holds the wish (LLM504) or no token count can be promised (LLM532, LLM533).
    """
    gpu, count = same_cards(wish.nodes)
    row = catalog["gpus"].get(gpu.kind, {})
    device = DEVICES.get(gpu.vendor, "cuda")
    engine = look_up(catalog, "engines", wish.engine, "appliance_engine")
    capability = gpu.capability if device == "cuda" else None
    ray = wish.executor == "ray"
    name = choose_image(catalog, wish.engine, device, capability, oldest_driver(wish.nodes), ray)
    image = image_entry(catalog, name, wish.images, wish.image_archives)
    version = str(image["version"])
    own = runs_own_code(wish.model_id, wish.config, wish.allow_code, engine, version)
    wish = dataclasses.replace(wish, own_code=own)
    card = Card(gpu, row, catalog["kernels"], wish.engine, version)
    try:
        precision = decide(wish.shape, wish.precision, card)
    except CannotRun as told:
        raise cannot_run(wish, card, told) from None
    cache = cache_form(wish.kv_dtype, wish.engine, card, precision.shape)
    problem = make_problem(wish, engine, image, gpu, count, row, precision)
    _sized_only(wish.shape, wish.model_id, problem)
    healed, ended = heal.Told(), heal.found(wish.calibration, wish.subject, version, gpu.kind)
    if ended:
        wish, problem, healed = heal.on_gpus(wish, problem, ended)
    problem, found, pool = _evenly(problem, wish.nodes)
    if not found or not found[0].fits:
        raise refuse(wish, problem, card, precision.name)
    if wish.shape.quant.method and not precision.shape.quant.method:
        raise Refusal("LLM528", model=wish.model_id)

    stored = wish.index_bytes or (wish.model_bytes if wish.model_bytes_source != "computed" else 0)
    rule = rule_of(engine, problem.shape.model_type, version) if device == "cuda" else None
    site = Site(wish.without, rule, _own(wish.shape, wish.native_shape), stored)
    load = load_of(problem, found[0])
    bench = ask(wish.question(version, gpu.kind, pool, load), load, wish.concurrency, catalog)
    problem, chosen, load, considered = choose(problem, found, site, bench)
    layout = chosen.layout
    used = pool[: layout.span if layout.span > 1 or not problem.spread else min(problem.nodes, layout.data)]
    spread = len(used) > 1
    share = memory_part(problem, chosen, chosen.memory)
    executor = executor_of(engine, version, layout.ranks, layout.span, wish.executor)
    if spread:
        check_addresses(used)
    settings = Settings(
        model_path=wish.mount + "/" + wish.model_id,
        served_name=wish.served_name,
        port=wish.port,
        device=device,
        dtype=precision.dtype,
        max_len=wish.context,
        max_seqs=chosen.seqs,
        max_batched=chosen.batched,
        kv_dtype=cache,
        tensor=layout.tensor,
        pipeline=layout.pipeline,
        data=layout.data,
        context=layout.context,
        expert=layout.expert,
        joined=layout.joined,
        drafted=problem.drafted,
        utilization=problem.utilization,
        quantization=precision.quantization or wish.loader or None,
        reasoning_parser=wish.reasoning_parser,
        eager=wish.eager,
        trust_remote_code=wish.own_code,
        host="127.0.0.1" if spread else "0.0.0.0",  # noqa: S104 - inside the container
        prefix_caching=version_key(version) >= (0, 9),  # its kernels fail on Volta before
        executor=executor,
        nodes=len(used) if layout.span > 1 and executor == "mp" else 1,
        master_address=wish.head.address if spread else None,
        master_port=MASTER_PORT if layout.span > 1 else None,
        data_port=DATA_PORT if spread and layout.span == 1 else None,
        data_nodes=len(used) if layout.span == 1 else 1,
        static_fraction=round((share["weights"] + share["kv"]) / problem.total_gib, 3),
        cache_fraction=round(max(0.05, share["kv"] / (problem.total_gib - share["weights"])), 3),
    )
    command = COMMANDS.get(wish.engine) or functools.partial(vllm.command, engine, version)
    cards = -(-layout.used // len(used))  # of each node
    return Sizing(
        wish=wish,
        ranks=tuple(
            Rank(
                node,
                [card.index for card in node.gpus[:cards]],
                command(dataclasses.replace(settings, node_rank=rank)),
            )
            for rank, node in enumerate(used)
        ),
        device=device,
        image=image,
        version=version,
        layout=layout.part(problem.drafted),
        executor=executor,
        meeting_port=settings.master_port or settings.data_port if spread else None,
        env=vllm.environment(wish.engine, engine, version, capability),
        shm_bytes=SHM_SHARED if layout.used > 1 else SHM_SINGLE,
        start_seconds=start_bound(wish.model_bytes, len(used)),
        disk_bytes=wish.model_bytes,
        memory_bytes=int((16 + 6 * cards) * GIB),
        gpu=gpu.kind,
        memory={"per_gpu_gib": share, "stages_gib": stages_part(problem, chosen)},
        capacity=capacity_part(problem, chosen),
        warnings=[
            *healed.warnings,
            *memory_notices(problem, gpu, cache, bool(row.get("unified"))),
            *warnings(wish.engine, wish.nodes, problem, chosen, gpu, precision),
        ],
        why=[*healed.why, *reasons(wish.precision, problem, chosen, precision), *considered],
        alternatives=alternatives(problem, [chosen, *(one for one in found if one.layout != layout)]),
        load=load,
    )


def memory_notices(problem: Problem, gpu: Gpu, cache: str, unified: bool) -> List[Dict[str, Any]]:
    """What to know of the cache's form, and of a memory that is not the card's alone."""
    found = [notice("LLM575", gpu=gpu.name)] if cache == "fp8_e5m2" else []
    return [*found, notice("LLM576", gpu=gpu.name, utilization=problem.utilization)] if unified else found


def make_problem(
    wish: Wish,
    engine: Dict[str, Any],
    image: Dict[str, Any],
    gpu: Gpu,
    count: int,
    row: Mapping[str, Any],
    precision: Precision,
) -> Problem:
    """The wish on these cards, with what this version of the engine can do."""
    shape, version = precision.shape, str(image["version"])
    correction = 0.0
    if shape.quant == wish.shape.quant:
        correction = unexplained_bytes(wish.shape, wish.index_bytes or 0, wish.files) / GIB
    # SGLang and LMDeploy keep no table of their own: the newest vLLM's figures stand in, and the plan says so.
    own = wish.engine == "vllm"
    replicas = bool(engine.get("replicas", False)) and knows(engine, "data", version)
    joins = _joins(engine, shape)
    joined = "data_attention" not in wish.without
    sizing = version_key(version) if own else (0, 33, 0)
    return Problem(
        shape=padded(shape, sizing, gpu.capability),
        version=sizing,
        nodes=len(wish.nodes),
        gpus=count,
        total_gib=round(gpu.total / GIB, 3),
        consumer=bool(row.get("consumer")),
        utilization=utilization_of(engine, version, gpu, bool(row.get("unified"))),
        context=wish.context,
        concurrency=wish.concurrency,
        request_tokens=wish.request_tokens,
        kv_dtype=wish.kv_dtype,
        eager=wish.eager,
        max_pipeline=int(engine.get("max_pipeline", 1)),
        replicas=replicas and not (joins == "always" and not joined),
        joins=joins if replicas and joined else "",
        spread=bool(engine.get("spread", False)) and knows(engine, "data_local", version),
        span=knows(engine, "nodes", version) or bool(image.get("ray")),
        experts=own and shape.moe and knows(engine, "expert", version),
        contexts=own
        and "shared_cache" not in wish.without
        and shares_cache(shape, wish.kv_dtype, gpu)
        and knows(engine, "context", version),
        correction_gib=round(correction, 3),
        kv_factor=kv_factor(wish.calibration, version, gpu.kind),
    )


def _joins(engine: Mapping[str, Any], shape: Shape) -> str:
    """Whether replicas of a model with experts have them together: never, `always`, or `also`, as the engine does."""
    how = str(engine.get("joins") or "") if shape.moe else ""
    return "" if how == "also" and not shape.mla else how


def _own(shape: Shape, native: Optional[Shape]) -> bool:
    """Whether it is the model's own checkpoint: in others the MTP layer is often left out."""
    return native is None or native.quant == shape.quant


def shares_cache(shape: Shape, kv_dtype: str, gpu: Gpu) -> bool:
    """Whether ranks may share one cache: a latent in 16 bit on Hopper and Blackwell's data centre cards.

    Sparse attention and an fp8 cache need kernels that not every build has.
    """
    return shape.mla and not shape.index_dim and kv_dtype == "auto" and gpu.capability in (9.0, 10.0, 10.3)


def unexplained_bytes(shape: Shape, index: int, files: Dict[str, int]) -> float:
    """Bytes that the hub has more, or fewer, than the shape explains.

    Fewer only where index and listing agree, and not for an MTP module that is missing: it is not loaded anyway.
    """
    whole = checkpoint_bytes(shape)
    if index > whole:
        return index - whole
    listed = sum(size for path, size in files.items() if "/" not in path and path.endswith(".safetensors"))
    bare = checkpoint_bytes(shape, mtp=False)
    stored = max(index, listed)
    agree = listed and (not index or abs(listed / index - 1) < AGREE)
    return stored - bare if agree and stored < bare else 0.0


def executor_of(engine: Dict[str, Any], version: str, ranks: int, span: int, asked: str) -> Optional[str]:
    """How ranks are joined: vLLM spans nodes by itself from 0.12; before that, or where it is asked for, by Ray."""
    if ranks == 1:
        return None
    if span == 1 or "flags" not in engine:
        return "mp"
    return asked or ("mp" if has_flag(engine, "nodes", version) else "ray")


def knows(engine: Dict[str, Any], flag: str, version: str) -> bool:
    """Whether the engine can do something; those without a table of flags say so by `span`, `replicas` and `spread`."""
    if "flags" not in engine:
        return flag != "nodes" or bool(engine.get("span", False))
    return has_flag(engine, flag, version)


def _sized_only(shape: Shape, model: str, problem: Problem) -> None:
    if shape.sized:
        return
    found = search(problem)
    free = [candidate.memory.kv - margin_gib(problem.total_gib, shape) for candidate in found]
    left = round(max(0.0, *free), 1) if free else 0.0
    have = {"kv_gib_per_gpu": left}
    rule = "LLM532" if shape.hybrid else "LLM533"
    raise Refusal(rule, model=model, model_type=shape.model_type, left=left, have=have)


def memory_part(problem: Problem, chosen: Candidate, memory: Memory) -> Dict[str, Any]:
    """GiB on one card, each part of it."""
    correction = problem.correction_gib / chosen.layout.ranks
    margin = max(margin_gib(problem.total_gib, problem.shape), problem.short_gib - correction)
    kv = memory.kv - margin - correction
    kv -= max(0.0, memory.kv) * (1 - min(1.0, problem.kv_factor))
    parts = {
        "weights": memory.weights + correction,
        "kv": kv,
        "kv_best": memory.kv - max(correction, problem.short_gib),
        "activation": memory.activation,
        "graphs": memory.graphs,
        "non_torch": memory.non_torch,
        "margin": margin,
        "outside": problem.total_gib - memory.budget,
        "budget": memory.budget,
        "total": problem.total_gib,
    }
    return {key: round(value, 2) for key, value in parts.items()}


def stages_part(problem: Problem, chosen: Candidate) -> List[Dict[str, Any]]:
    """The same for each pipeline stage; the tightest is in `per_gpu_gib`."""
    run = run_of(problem, chosen.layout, chosen.seqs, chosen.batched)
    return [memory_part(problem, chosen, memory) for memory in stage_memories(problem.shape, run)]


def capacity_part(problem: Problem, chosen: Candidate) -> Dict[str, Any]:
    """Tokens and requests that one engine holds."""
    total = chosen.tokens * chosen.layout.data
    usual = chosen.requests
    return {
        "kv_tokens": total,
        "kv_tokens_per_replica": chosen.tokens,
        "kv_tokens_best": chosen.memory.tokens(
            margin=max(problem.correction_gib / chosen.layout.ranks, problem.short_gib)
        ),
        "kv_bytes_per_token_per_gpu": int(chosen.memory.kv_token_bytes),
        "max_context": min(chosen.tokens, problem.shape.max_len),
        "longest_context": longest_context(problem),
        "context": problem.context,
        "batched": chosen.batched,
        "utilization": problem.utilization,
        "concurrency": problem.concurrency,
        "request_tokens": problem.request_tokens,
        "concurrency_at_context": chosen.tokens // problem.context * chosen.layout.data,
        "concurrency_at_request": usual * chosen.layout.data,
        "users": 10 * problem.concurrency,
    }
