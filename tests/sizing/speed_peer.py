# SPDX-License-Identifier: GPL-3.0-or-later
"""What NVIDIA's aiconfigurator predicts for the measured runs, where it is set up and knows the card."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import ARCHITECTURES

from tests.sizing.cases import catalogue, same_name
from tests.sizing.peers import HERE, peer_python
from tests.sizing.speed_cases import MODELS
from tests.sizing.speed_fit import Known

SYSTEMS = {
    "h200-141g": "h200_sxm", "h100-80g": "h100_sxm", "a100-80g": "a100_sxm", "a100-40g": "a100_sxm",
    "b200-180g": "b200_sxm",
    "l40s-48g": "l40s", "l4-24g": "l4", "rtx-pro-6000-96g": "rtx_pro_6000_server",
}  # fmt: skip
ENGINES = ("vllm", "sglang")
NAMES = {kind: name for name, kind in reversed(ARCHITECTURES.items())}
FORMATS = {"awq": "int4_wo", "gptq": "int4_wo"}


def ask(known: list[Known]) -> dict[str, dict[str, float]]:
    """Id of a run -> its figures, seconds as the speeds that they mean."""
    python = peer_python()
    if python is None:
        return {}
    cases = {case["id"]: case for case, _shape in known}
    requests = [request for request in (_request(*row) for row in known) if request]
    done = subprocess.run(
        [python, str(HERE / "peer_speed.py")],
        input="\n".join(json.dumps(request) for request in requests),
        capture_output=True,
        text=True,
        check=True,
        timeout=1800,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {answer["id"]: _figures(cases[answer["id"]], answer) for answer in answers if answer.get("tpot")}


def _figures(case: dict[str, Any], answer: dict[str, float]) -> dict[str, float]:
    each = case["answer"] / (answer["ttft"] + case["answer"] * answer["tpot"])
    return {
        "step": 1 / answer["tpot"],
        "ttft": 1 / answer["ttft"],
        "reading": 1 / answer["ttft"],
        "each": each,
        "total": each * case["concurrency"],
    }


def _request(case: dict[str, Any], shape: Any) -> dict[str, Any] | None:
    system = SYSTEMS.get(case["gpu"])
    method = shape.quant.method
    packed = method in FORMATS and shape.quant.bits == 4
    if system is None or case["engine"] not in ENGINES or case["eager"] or (method not in ("", "fp8") and not packed):
        return None
    name = same_name(shape.id, catalogue())
    config = dict(catalogue()[name]) if name else dict(MODELS.get(shape.id, {}))
    if not config.get("architectures") and shape.model_type not in NAMES:
        return None
    config.setdefault("architectures", [NAMES.get(shape.model_type)])  # which the catalogue does not keep
    config.setdefault("model_type", shape.model_type)
    config.setdefault("rms_norm_eps", 1e-6)
    form = ("fp8_block" if shape.quant.block else "fp8") if method == "fp8" else FORMATS.get(method)
    keys = ("id", "engine", "tensor", "prompt", "answer", "concurrency")
    return {**{key: case[key] for key in keys}, "config": config, "system": system, "format": form, "moe": shape.moe}
