# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks NVIDIA's aiconfigurator for speeds. Runs in its own environment (peer_setup.sh); JSON lines in and out."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

from aiconfigurator.cli.api import cli_estimate  # type: ignore[import-not-found]


def estimate(request: dict[str, Any], folder: str) -> dict[str, float]:
    home = Path(folder) / request["id"]
    home.mkdir()
    (home / "config.json").write_text(json.dumps(request["config"]), encoding="utf-8")
    layout = {"tp_size": request["tensor"]}
    if request["moe"]:
        layout.update(moe_tp_size=request["tensor"], moe_ep_size=1)
    if request["format"]:
        layout["gemm_quant_mode"] = request["format"]
        layout.update({"moe_quant_mode": request["format"]} if request["moe"] else {})
    found = cli_estimate(
        str(home),
        request["system"],
        mode="agg",
        backend_name=request["engine"],
        isl=max(2, request["prompt"]),
        osl=max(2, request["answer"]),
        batch_size=request["concurrency"],
        database_mode="HYBRID",
        **layout,
    )
    return {"ttft": found.ttft / 1000, "tpot": found.tpot / 1000}


def main() -> None:
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = {"id": request["id"], **estimate(request, folder)}
            except Exception as error:
                answer = {"id": request["id"], "error": str(error)[:200]}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
