# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks NVIDIA's aiconfigurator for KV tokens. Runs in its own environment (peer_setup.sh); JSON lines in and out."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

from aiconfigurator_core.sdk.memory import estimate_kv_cache  # type: ignore[import-not-found]


def ask(request: dict[str, Any], folder: str) -> dict[str, Any]:
    home = Path(folder) / request["id"]
    home.mkdir()
    (home / "config.json").write_text(json.dumps(request["config"]), encoding="utf-8")
    layout = {"tp_size": request["tensor"], "pp_size": request["pipeline"]}
    if request["moe"]:
        layout.update(moe_tp_size=request["tensor"], moe_ep_size=1)
    if request["fp8"]:  # it reads the quantisation of few configurations by itself
        layout["gemm_quant_mode"] = request["fp8"]
        layout.update({"moe_quant_mode": request["fp8"]} if request["moe"] else {})
    return estimate_kv_cache(
        str(home),
        request["system"],
        "vllm",
        "current",
        max_num_tokens=request["batched"],
        max_batch_size=request["seqs"],
        memory_fraction_kind="of_total",
        memory_fraction_value=request["utilization"],
        gpu_memory_capacity_bytes_override=request["total"],
        allow_naive_fallback=False,
        **layout,
    )


def main() -> None:
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                found = ask(request, folder)
                answer = {"id": request["id"], "tokens": found["total_kv_size_tokens"]}
            except Exception as error:
                refused = {"tokens": 0} if "no KV budget" in str(error) else {}
                answer = {"id": request["id"], "error": str(error)[:200], **refused}
            print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main()
