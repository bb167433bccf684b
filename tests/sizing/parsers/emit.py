# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints {engine: {version: [argument list, ...]}}: the sets that the planner makes over models, cards and wishes."""

from __future__ import annotations

import itertools
import json
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

from tests.sizing.common import declared, first_unit, load_catalog, plan

PARKS = (
    ("rtx-4090-24g", 1, 1),
    ("rtx-4090-24g", 2, 1),
    ("rtx-4090-24g", 8, 2),
    ("h20-96g", 8, 1),
    ("h20-96g", 8, 2),
    ("h20-141g", 8, 2),
    ("t4-16g", 2, 1),
    ("a100-80g", 8, 2),
    ("b200-180g", 8, 1),
    ("h200-141g", 8, 1),
)
WISHES = (
    {},
    {"kv_cache_dtype": "fp8"},
    {"precision": "fp8"},
    {"precision": "awq"},
    {"precision": "fp16"},
    {"context_length": 4096, "concurrency": 4},
)
LONG = {"context_length": 131072, "concurrency": 384}
# Expert parallel, attention by data, a shared cache, speculation, and a checkpoint that one engine alone loads.
RARE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("qwen3-235b-a22b", "l40s-48g", {"precision": "fp8", "context_length": 32768, "concurrency": 16}),
    ("kimi-k2-thinking", "h200-141g", LONG),
    ("kimi-k2-thinking", "h200-141g", {**LONG, "without": ["data_attention"]}),
    ("deepseek-r1-671b", "h200-141g", {"context_length": 8192, "concurrency": 16}),
    ("deepseek-r1-671b", "h200-141g", {"context_length": 8192, "concurrency": 256}),
    ("deepseek-r1-671b", "h200-141g", {"context_length": 8192, "concurrency": 400, "kv_cache_dtype": "fp8"}),
    ("deepseek-r1-671b", "h20-141g", {"precision": "int8", "context_length": 8192, "concurrency": 8}),
)
CODE = "Kimi's tokenizer is Python"
VERSIONS = {"vllm": ("0.33.0", "0.32.0"), "sglang": ("0.5.23",), "lmdeploy": ("0.18.0",)}


def argument_sets(engine: str, version: str) -> list[list[str]]:
    catalog = load_catalog()
    for image in catalog["images"].values():
        if image.get("engine") == engine and image.get("device") == "cuda" and not image.get("max_capability"):
            image["version"] = version
    found: dict[str, list[str]] = {}
    models = [name for name in catalog["models"] if not name.startswith("tiny")]
    for model, (gpu, count, nodes), wish in itertools.product(models, PARKS, WISHES):
        wanted: dict[str, Any] = {"model": model, "engine": engine, "context_length": 8192, "concurrency": 8, **wish}
        wanted["allow_remote_code"] = CODE
        try:
            made = plan(catalog, declared(gpu, count, nodes), **wanted)
        except Refusal:
            continue
        for node in (unit for row in made["nodes"].values() for unit in row["units"]):
            found["\0".join(node["args"])] = node["args"]
    for number, (model, gpu, more) in enumerate(RARE):
        try:
            made = plan(catalog, declared(gpu, 8), model=model, engine=engine, allow_remote_code=CODE, **more)
        except Refusal:
            continue
        found[f"rare {number}"] = first_unit(made)["args"]
    if engine == "vllm":
        lab = plan(catalog, declared("", 0, memory_gib=24), profile="lab", model="tiny-r1-distill")
        found["lab"] = first_unit(lab)["args"]
    return list(found.values())


def main() -> None:
    print(
        json.dumps(
            {
                engine: {version: argument_sets(engine, version) for version in versions}
                for engine, versions in VERSIONS.items()
            }
        )
    )


if __name__ == "__main__":
    main()
