# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks vllm-wizard and vllm-speculative-autoconfig for KV tokens. In their own environment (peer_setup.sh); JSON lines.

Both run as published. The second one asks the machine's card and reads downloaded weights: card, config.json and bytes
of the checkpoint are those of the case instead, so torch and transformers are not needed.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

AUTOCONFIG = "vllm_autoconfig"


def wizard(request: dict[str, Any], folder: Path) -> float | None:
    """The longest context of one request, which is all tokens of its cache. It has no pipelines."""
    from vllm_wizard.planning.planner import run_plan  # type: ignore[import-not-found]
    from vllm_wizard.schemas.inputs import (  # type: ignore[import-not-found]
        HardwareInput,
        ModelInput,
        PlanRequest,
        PolicyInput,
    )

    if request["pipeline"] > 1:
        return None
    model = ModelInput(
        model=str(folder),
        quantization=request["quant"] if request["quant"] in ("awq", "gptq", "int8", "fp8") else "none",
        kv_cache_dtype="fp8_e4m3fn" if request["kv_dtype"].startswith("fp8") else "auto",
        max_model_len=request["max_len"],
    )
    hardware = HardwareInput(
        gpu="declared", gpus=request["tensor"], vram_gb=request["total"] / 2**30, tensor_parallel_size=request["tensor"]
    )
    policy = PolicyInput(gpu_memory_utilization=request["utilization"])
    made = run_plan(PlanRequest(model=model, hardware=hardware, policy=policy))
    return float(made.feasibility.max_context_at_concurrency)


def autoconfig_planner() -> Any:
    """Its planner without the package's own start, which loads vLLM."""
    found = importlib.util.find_spec(AUTOCONFIG)
    if found is None or found.submodule_search_locations is None:
        return None
    package = types.ModuleType(AUTOCONFIG)
    package.__path__ = list(found.submodule_search_locations)
    sys.modules[AUTOCONFIG] = package
    for name, words in (("torch", ()), ("transformers", ("AutoConfig",))):
        module = types.ModuleType(name)
        for word in words:
            setattr(module, word, types.SimpleNamespace())
        sys.modules[name] = module
    return importlib.import_module(f"{AUTOCONFIG}.planner")


def autoconfig(planner: Any, request: dict[str, Any]) -> float | None:
    """Tokens of the cache that it sets; nothing where it takes another number of cards than the case has."""
    probe = importlib.import_module(f"{AUTOCONFIG}.model_probe")
    config = types.SimpleNamespace(**request["config"])
    probe.AutoConfig = types.SimpleNamespace(from_pretrained=lambda *_names, **_more: config)  # type: ignore[attr-defined]
    major, minor = (int(part) for part in str(request["capability"]).split("."))
    cards = [
        planner.GpuInfo(place, "declared", request["total"], (major, minor), 100, major >= 8, (major, minor) >= (8, 9))
        for place in range(request["tensor"] * request["pipeline"])
    ]
    planner.probe_gpu = lambda device_index=0: cards[device_index]
    planner.probe_all_gpus = lambda: cards
    planner._estimate_weights_bytes = lambda model_name, local_files_only: (request["bytes"], [])
    try:
        made = planner.make_plan(
            request["id"],
            request["max_len"],
            gpu_memory_utilization=request["utilization"],
            prefer_fp8_kv_cache=request["kv_dtype"].startswith("fp8"),
            enforce_eager=request["eager"],
            cache=False,
        )
    except ValueError as error:
        said = re.search(r"tensor_parallel_size=(\d+).*estimated max_tokens.(\d+)", str(error), re.DOTALL)
        if not said:
            raise
        return float(said.group(2)) if int(said.group(1)) == len(cards) else None
    if made.notes["tensor_parallel_size"] != len(cards):
        return None
    return float(made.notes["kv_cache_gib"] * 2**30 // made.notes["kv_bytes_per_token_est"])


def answer(name: str, request: dict[str, Any], planner: Any) -> dict[str, Any]:
    try:
        if name == "vllm-wizard":
            with tempfile.TemporaryDirectory() as folder:
                Path(folder, "config.json").write_text(json.dumps(request["config"]), encoding="utf-8")
                tokens = wizard(request, Path(folder))
        else:
            tokens = autoconfig(planner, request) if planner else None
    except Exception as error:
        return {"id": request["id"], "by": name, "error": str(error)[:200]}
    return {"id": request["id"], "by": name, "tokens": tokens}


def main() -> None:
    planner = autoconfig_planner()
    stdout, sys.stdout = sys.stdout, sys.stderr  # one of them talks
    for line in sys.stdin:
        request = json.loads(line)
        for name in ("vllm-wizard", "vllm-speculative-autoconfig"):
            print(json.dumps(answer(name, request, planner)), file=stdout, flush=True)


if __name__ == "__main__":
    main()
