# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule behind each number of a plan on GPUs, its warnings, and the layouts that came next."""

from __future__ import annotations

from typing import Any, Dict, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import notice
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import bilingual
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.memory import (
    TERMS,
    margin_gib,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Gpu, Node
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.precision import Precision
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.search import Candidate, Problem
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import why

ROOM = 0.05  # a cache that exceeds the wish by less than this is called tight


def warnings(
    engine: str, nodes: List[Node], problem: Problem, chosen: Candidate, gpu: Gpu, precision: Precision
) -> List[Dict[str, Any]]:
    """What the operator should know about this plan."""
    found = list(precision.notices)
    layout = chosen.layout
    idle = problem.gpus * problem.nodes - layout.used
    cards = {node.name: len(node.gpus) for node in nodes}
    if len(set(cards.values())) > 1:
        listed = ", ".join(f"{name} {count}" for name, count in cards.items())
        found.append(notice("LLM572", cards=listed, used=layout.used, idle=sum(cards.values()) - layout.used))
    elif idle:
        found.append(notice("LLM517", idle=idle))
    if layout.joined:
        found.append(notice("LLM582", way="data_attention", layout=layout.name()))
    elif layout.expert:
        found.append(notice("LLM573", tensor=layout.tensor))
    if problem.drafted:
        found.append(notice("LLM582", way="speculation", layout=f"{layout.name()}, MTP {problem.drafted}"))
    if layout.context > 1:
        found.append(notice("LLM574", context=layout.context))
    if not problem.shape.mla and layout.tensor > problem.shape.kv_heads:
        found.append(notice("LLM562", tensor=layout.tensor, heads=problem.shape.kv_heads))
    if not gpu.verified:
        found.append(notice("LLM516", gpu=gpu.name))
    if not gpu.known:
        found.append(notice("LLM563", gpu=gpu.name))
    if engine != "vllm":
        found.append(notice("LLM518", engine=engine))
    found += _models(problem)
    if layout.span > 1 and any(node.link_gbps is not None and not node.rdma for node in nodes):
        found.append(notice("LLM405"))
    if gpu.free is not None and gpu.free < 0.9 * gpu.total:
        found.append(notice("LLM506", utilization=problem.utilization))
    need = max(problem.context, chosen.seqs * problem.request_tokens)
    if chosen.tokens < (1 + ROOM) * need:
        found.append(notice("LLM519"))
    return found


def _models(problem: Problem) -> List[Dict[str, Any]]:
    """What is less sure of this model than of one with a plain cache, and what is kept back for it."""
    shape = problem.shape
    more = round(margin_gib(problem.total_gib, shape) - margin_gib(problem.total_gib), 1)
    found = []
    if shape.mixed or shape.compressed:
        found.append(notice("LLM568", model_type=shape.model_type, context=problem.context, more=more))
    if shape.vision:
        found.append(notice("LLM569", more=more))
    if not shape.known:
        found.append(notice("LLM570", model_type=shape.model_type, more=more))
    return found


def reasons(asked: str, problem: Problem, chosen: Candidate, precision: Precision) -> List[Dict[str, Any]]:
    """The rule behind each number; `asked` is the precision of the wish."""
    layout, memory, shape = chosen.layout, chosen.memory, problem.shape
    kv = (
        "MLA 的潜向量在每个 rank 上都有一份，不随 TP 减少",
        "MLA's latent is copied on every rank; TP does not divide it",
    )
    if not shape.mla:
        kv = ("2 × 每卡 KV 头 × 头维度 × 字节 × 层数", "2 x KV heads on the card x head size x bytes x layers")
    logits = TERMS.sampler_small * min(chosen.seqs, chosen.batched) * shape.vocab / 2**30
    sampler = 0 < memory.activation <= logits
    return [
        why(
            "dtype",
            precision.dtype,
            f"检查点为 {precision.name}",
            f"the checkpoint is {precision.name}",
            asked,
        ),
        why(
            "layout.tensor",
            layout.tensor,
            f"整除 {shape.heads} 个注意力头和量化块，且在一个节点内",
            f"divides {shape.heads} heads and the quantisation blocks, and stays on one node",
            "LLM503",
        ),
        why(
            "layout.pipeline",
            layout.pipeline,
            f"{shape.layers} 层分段；权重单节点放不下时跨节点",
            f"{shape.layers} layers in stages; spans nodes when one can't hold the weights",
            "search",
        ),
        why("layout.data", layout.data, "GPU 总数 / 每个副本的 GPU 数", "GPUs in all / GPUs of a replica", "search"),
        why(
            "gpu_memory_utilization",
            problem.utilization,
            "引擎版本的默认值，不超过空闲显存",
            "the version's default, no more than what is free",
            "engines",
        ),
        why("max_num_seqs", chosen.seqs, "并发数 / 副本数", "concurrency / replicas", "profile"),
        why(
            "max_num_batched_tokens",
            chosen.batched,
            "能放下的最大预填充批",
            "the largest prefill batch that fits",
            "search",
        ),
        why(
            "memory.weights",
            round(memory.weights, 2),
            "按张量切分，每卡最满的一级",
            "split tensor by tensor, the fullest stage",
            "config.json" if problem.correction_gib == 0 else "safetensors index",
        ),
        why(
            "memory.activation",
            round(memory.activation, 2),
            "采样器与前向的较大者" if sampler else "前向计算的峰值",
            "the sampler's peak" if sampler else "the forward pass's peak",
            "max(forward, sampler)",
        ),
        why("memory.non_torch", round(memory.non_torch, 2), "NCCL 与驱动", "NCCL and the driver", "measured starts"),
        why(
            "memory.graphs",
            round(memory.graphs, 2),
            "（0.5 GiB + 层数 × 隐藏维度 × 2e-6 GiB）× 捕获的批大小数 / 51，MoE 只有 1e-5",
            "(0.5 GiB + layers x hidden size x 2e-6 GiB) x captured sizes / 51; with experts 1e-5 alone",
            "25 logs",
        ),
        why("capacity.kv_bytes_per_token_per_gpu", int(memory.kv_token_bytes), kv[0], kv[1], "config.json"),
        why(
            "margin",
            round(margin_gib(problem.total_gib, shape), 2),
            "0.3 GiB + 显存的 2%，图像、混合缓存与未知类型另加",
            "0.3 GiB + 2 % of the card; more for images, mixed caches and unknown types",
            "measured starts",
        ),
    ]


def alternatives(problem: Problem, found: List[Candidate]) -> List[Dict[str, Any]]:
    """The three next best layouts that satisfy the wish too."""
    rows = []
    others = [one for one in found[1:] if one.fits and one.layout.context in (1, min(8, one.layout.tensor))]
    for other in others[:3]:  # of caches that cards share, the largest
        layout = other.layout
        name = layout.name()
        rows.append(
            {
                "change": bilingual(f"布局 {name}", f"layout {name}"),
                "kv_tokens": other.tokens * layout.data,
                "gpus": layout.used,
                "layout": layout.part(),
            }
        )
    return rows
