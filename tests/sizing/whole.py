# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole plans and refusals of some wishes, as they are given out: python -m tests.sizing.whole

Writes tests/sizing/golden/whole/NAME.json, and the pages of some. Read the difference: whatever is in it reaches a
node or a customer.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.html import page
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import explain

from tests.sizing.common import ROOT, declared, load_catalog, plan

FOLDER = ROOT / "tests/sizing/golden/whole"
GIB = 2**30
H20 = {
    "name": "NVIDIA H20", "vendor": "nvidia", "pci_id": "10de:2329", "compute_capability": "9.0",
    "memory_bytes": int(95.2 * GIB), "free_bytes": int(95.0 * GIB),
}  # fmt: skip
RTX = {
    "name": "NVIDIA GeForce RTX 4090", "vendor": "nvidia", "pci_id": "10de:2684", "compute_capability": "8.9",
    "memory_bytes": int(23.5 * GIB), "free_bytes": int(18.0 * GIB),
}  # fmt: skip
ENDED = {
    "schema": 2, "kind": "ended", "engine": "vllm", "model": "yitiji-lab/tiny-r1-distill", "precision": "native",
    "kv_dtype": "auto", "hosts": 1, "cards": 0, "version": "0.32.0", "gpu": None,
    "said": {"kind": "cache", "kv_gib": 0.02, "longest": 1500, "line": "No available memory for the cache blocks"},
}  # fmt: skip


def facts(number: int, card: dict[str, Any], count: int, **more: Any) -> dict[str, Any]:
    """A node as it was read: an interface that holds its address, a driver, memory."""
    address = f"10.0.0.{number}"
    network = {"rdma": True, "interfaces": [{"name": f"ib{number}", "addresses": [f"{address}/24", "fe80::1/64"]}]}
    return {
        "address": address,
        "facts": {
            "gpus": [{"index": index, **card} for index in range(count)],
            "nvidia": {"driver_version": "595.10"},
            "memory": {"total_bytes": 1024 * GIB},
            "cpu": {"cores": 64, "sockets": 2},
            "network": network,
            **more,
        },
    }


def _wishes() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Nodes and variables by name."""
    hub = {"images": {"vllm-cuda": {"id": "sha256:1"}}, "image_archives": [{"url": "http://10.0.0.9/images.tar"}]}
    own = {"allow_remote_code": "KTransformers runs the code of the model's config"}
    small = {"context_length": 4096, "concurrency": 1, "profile": "flagship", **own}
    two = {"h1": facts(1, H20, 8), "h2": facts(2, H20, 8)}
    lone = {"n1": {"address": "10.0.0.1", "hardware": {"memory_gib": 24}}}
    pair = {f"n{number}": facts(number, RTX, 0) for number in (1, 2)}
    return {
        "lab": (lone, {"profile": "lab", "image_archives": [{"path": "/srv/images.tar"}]}),
        "lab-healed": (lone, {"profile": "lab", "calibration": [ENDED]}),
        "lab-pair": (pair, {"profile": "lab-pair"}),
        "lab-ray": (pair, {"profile": "lab-ray"}),
        "basic": ({"n1": facts(1, RTX, 2)}, hub),
        "basic-sglang": (declared("rtx-4090-24g", 2), {"engine": "sglang", "port": 9000}),
        "basic-lmdeploy": (declared("rtx-4090-24g", 2), {"engine": "lmdeploy", "weights_dir": "/data/models/"}),
        "basic-volta": (declared("v100-32g", 1), {}),
        "basic-replicas": (declared("rtx-4090-24g", 4), {"concurrency": 16, "replicas": 2}),
        "basic-independent": (declared("rtx-4090-24g", 4, 3), {"concurrency": 48, "independent_nodes": True}),
        "beside": (
            declared("l40s-48g", 4),
            {"model": "deepseek-r1-32b", "beside": [{"model": "deepseek-r1-7b", "cards": 1, "concurrency": 4}]},
        ),
        "standard": (declared("rtx-4090-24g", 4), {"profile": "standard", "deployment": "law"}),
        "npu": (declared("ascend-910b-64g", 8), {"model": "deepseek-r1-32b"}),
        "flagship": (two, {"profile": "flagship"}),
        "flagship-copies": (declared("h20-141g", 8, 2), {"profile": "flagship", "model": "deepseek-r1-70b"}),
        "flagship-sglang": (two, {"profile": "flagship", "engine": "sglang"}),
        "gguf-llamacpp": (declared("rtx-4090-24g", 4, memory_gib=256), {**small, "engine": "llamacpp"}),
        "gguf-ollama": (declared("a100-80g", 2, memory_gib=512), {**small, "engine": "ollama"}),
        "gguf-ktransformers": (
            declared("rtx-4090-24g", 1, memory_gib=512, cpu={"sockets": 2, "cores_per_socket": 32}),
            {**small, "engine": "ktransformers", "gguf": "Q4_K_M"},
        ),
        "no-one-node": (declared("h20-96g", 8), {"profile": "flagship"}),
        "no-16-bit": (declared("h20-96g", 8, 2), {"profile": "flagship", "precision": "fp16"}),
        "no-division": (declared("rtx-4090-24g", 3), {"model": "deepseek-r1-70b", "concurrency": 64}),
        "long": (declared("rtx-4090-24g", 2), {"context_length": 131072, "concurrency": 32}),
        "no-half": (declared("l40s-48g", 1), {"model": "deepseek-r1-32b", "concurrency": 32}),
        "no-room-but-in-fp8": (
            declared("l40s-48g", 1),
            {"model": "deepseek-r1-32b", "concurrency": 4, "context_length": 8192},
        ),
        "experts": (declared("h20-96g", 8), {"model": "qwen3-235b-a22b"}),
        "tight": (declared("rtx-4090-24g", 2), {"concurrency": 110}),
        "no-length": (declared("rtx-4090-24g", 1), {"context_length": 131072, "concurrency": 40}),
        "no-memory": ({"n1": {"hardware": {"memory_gib": 1}}}, {"profile": "lab"}),
        "no-second-node": ({"n1": pair["n1"]}, {"profile": "lab-pair"}),
        "no-disk-for-gguf": (declared("rtx-4090-24g", 1, memory_gib=64), {**small, "engine": "llamacpp"}),
    }


WISHES = _wishes()
PAGES = ("basic-replicas", "beside", "flagship", "lab")


def with_pairs(catalog: dict[str, Any]) -> dict[str, Any]:
    """The catalogue, and two profiles that spread the lab's model over two nodes without a card."""
    lab = catalog["profiles"]["lab"]
    catalog["profiles"]["lab-pair"] = {**lab, "layout": {"tensor": 2}}
    catalog["profiles"]["lab-ray"] = {**lab, "layout": {"pipeline": 2}, "executor": "ray"}
    catalog["images"]["vllm-cpu-ray"] = {**catalog["images"]["vllm-cpu"], "ray": True, "ref": "x:ray"}
    return catalog


def outcome(catalog: Any, name: str) -> str:
    """What comes of a wish, as its file has it."""
    nodes, variables = WISHES[name]
    try:
        found: Any = plan(catalog, nodes, **variables)
        found["text"] = {language: explain(found, language).splitlines() for language in ("zh", "en")}
    except Refusal as refusal:
        both = [{"zh": text.zh, "en": text.en} for text in (refusal.reason, *refusal.remedies)]
        found = {"rule": refusal.rule, "said": both, "need": refusal.need, "have": refusal.have}
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def pages(catalog: Any) -> dict[str, str]:
    """The pages of some of the plans, as their files have them: a line for each part of a table."""
    made = {name: page(plan(catalog, WISHES[name][0], **WISHES[name][1])) for name in PAGES}
    return {
        name: re.sub(r"(<(?:tr|i|h2|p|li|svg|rect|text)[ >])", r"\n\1", content) + "\n"
        for name, content in made.items()
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    ours = with_pairs(load_catalog())
    for path in FOLDER.iterdir():
        path.unlink()
    for wish in WISHES:
        (FOLDER / f"{wish}.json").write_text(outcome(ours, wish), encoding="utf-8")
    for name, content in pages(ours).items():
        (FOLDER / f"{name}.html").write_text(content, encoding="utf-8")
