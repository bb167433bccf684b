# SPDX-License-Identifier: GPL-3.0-or-later
"""What others would have said: rules of thumb, and other planners where their environment is set up."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.memory import Run
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import GIB, checkpoint_bytes, kv_layer_bytes

HERE = Path(__file__).resolve().parent
SYSTEMS = (
    ("h200", "h200_sxm"),
    ("h100", "h100_sxm"),
    ("h800", "h100_sxm"),
    ("a100", "a100_sxm"),
    ("a800", "a100_sxm"),
    ("b200", "b200_sxm"),
    ("l40s", "l40s"),
    ("l4", "l4"),
)
TOOLS = ("vllm-wizard", "vllm-speculative-autoconfig")
RULES = {"1.2 W": (1.2, 0.0), "1.3 W": (1.3, 0.0), "1.4 W": (1.4, 0.0), "1.2 W + 2 GiB": (1.2, 2.0)}


def rule_tokens(shape: Shape, run: Run, factor: float, plus: float) -> float:
    """All cards as one pool, the weights times a factor, and the rest is cache."""
    cards = run.tensor * run.pipeline
    pool = cards * (run.total_gib * run.utilization - plus) * GIB
    token = kv_layer_bytes(shape, 1, run.kv_dtype) * shape.layers
    return max(0.0, (pool - factor * checkpoint_bytes(shape)) / token)


def peer_python() -> str | None:
    named = os.environ.get("SIZING_PEER_PYTHON")
    default = HERE.parents[1] / ".venv-peer" / "bin" / "python"
    return named or (str(default) if default.exists() else None)


def ask_aiconfigurator(rows: list[dict[str, Any]], models: dict[str, Any]) -> dict[str, float]:
    """Case id -> KV tokens, for the cases whose card it knows; nothing where it is not installed."""
    python = peer_python()
    if python is None:
        return {}
    requests = [request for request in (_request(row, models) for row in rows) if request]
    answers = _ask(python, "peer_aiconfigurator.py", requests)
    return {answer["id"]: float(answer["tokens"]) for answer in answers if answer.get("tokens") is not None}


def ask_tools(rows: list[dict[str, Any]], models: dict[str, Any]) -> dict[str, dict[str, float]]:
    """The same of two further planners, by name; both are told the whole case and the bytes of the checkpoint."""
    python = peer_python()
    found: dict[str, dict[str, float]] = {name: {} for name in TOOLS}
    requests = [_whole(row, models) for row in rows] if python else []
    for answer in _ask(python, "peer_tools.py", requests) if python else ():
        if answer.get("tokens") is not None:
            found[answer["by"]][answer["id"]] = float(answer["tokens"])
    return found


def _ask(python: str, script: str, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [python, str(HERE / script)],
        input="\n".join(json.dumps(request) for request in requests),
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _whole(row: dict[str, Any], models: dict[str, Any]) -> dict[str, Any]:
    run, shape = row["run"], row["shape"]
    config = dict(models.get(shape.id, {})) or {
        "num_hidden_layers": shape.layers,
        "hidden_size": shape.hidden,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_dim,
        "intermediate_size": shape.inter,
        "vocab_size": shape.vocab,
        "max_position_embeddings": shape.max_len,
    }
    config.setdefault("model_type", shape.model_type)
    return {
        "id": row["id"],
        "config": config,
        "tensor": run.tensor,
        "pipeline": run.pipeline,
        "quant": shape.quant.method,
        "kv_dtype": run.kv_dtype,
        "max_len": run.max_len,
        "eager": run.eager,
        "capability": 8.9 if run.kv_dtype.startswith("fp8") else 8.0,
        "utilization": run.utilization,
        "total": int(run.total_gib * GIB),
        "bytes": int(checkpoint_bytes(shape)),
    }


def _request(row: dict[str, Any], models: dict[str, Any]) -> dict[str, Any] | None:
    run, shape = row["run"], row["shape"]
    name = row["gpu"].lower()
    system = next((system for word, system in SYSTEMS if word in name), None)
    config = dict(models.get(shape.id, {}))
    if system is None or not config.get("architectures"):
        return None
    config.setdefault("model_type", shape.model_type)
    return {
        "id": row["id"],
        "config": config,
        "system": system,
        "tensor": run.tensor,
        "pipeline": run.pipeline,
        "fp8": ("fp8_block" if shape.quant.block else "fp8") if shape.quant.method == "fp8" else None,
        "moe": shape.moe,
        "batched": run.max_batched,
        "seqs": run.max_seqs,
        "utilization": run.utilization,
        "total": int(run.total_gib * GIB),
    }
