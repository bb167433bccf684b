# SPDX-License-Identifier: GPL-3.0-or-later
"""Measured runs: reading them, and what the core predicts for each."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.quant import Quant
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape, read_shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._speed.roofline import (
    Load,
    prefill_seconds,
    speed,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._speed.sheets import card_of, habits_of

from tests.sizing.cases import find_shape
from tests.sizing.common import load_catalog

DATA = Path(__file__).resolve().parent / "data"
MODELS = json.loads((DATA / "models.json").read_text(encoding="utf-8"))
GPUS = load_catalog()["gpus"]
ONE_AFTER_ANOTHER = ("llamacpp", "ollama")  # cards compute in turn, each its own layers


def read(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]


def source_of(case: Mapping[str, Any]) -> str:
    """Who published it: one repository or page is one source, whatever its issues."""
    found = re.search(r"github\.com/([\w.-]+/[\w.-]+)", case["source"])
    return found.group(1) if found else re.sub(r"^https://(www\.)?|[/?(\s].*$", "", case["source"]) or case["source"]


def shape_of(case: Mapping[str, Any]) -> Shape | None:
    shape = read_shape(case["config"], case["model"]) if case.get("config") else find_shape(dict(case), MODELS)
    method, bits = case.get("quantization"), case.get("bits")
    if shape is None or not method:
        return shape
    if method == "gguf":
        return dataclasses.replace(shape, quant=Quant("gguf", bits))
    return dataclasses.replace(shape, quant=dataclasses.replace(shape.quant, bits=bits)) if bits else shape


def load_of(case: Mapping[str, Any], shape: Shape) -> Load:
    return Load(shape, case["tensor"], case["pipeline"], case["data"])


def predicted(case: Mapping[str, Any], shape: Shape, constants: Mapping[str, Any]) -> dict[str, float]:
    """The figures that the case has, as predicted. Nothing where none can be."""
    gpu = GPUS.get(case["gpu"], {})
    card = card_of(gpu, constants, bool(gpu.get("nvlink")))
    habits = habits_of(constants, case["engine"], case["version"], case["eager"])
    if card is None or habits is None:
        return {}
    load = load_of(case, shape)
    found = speed(load, card, habits, case["concurrency"], case["prompt"], case["answer"])
    reading = prefill_seconds(load, card, habits, case["prompt"])
    return {
        "step": found.step, "each": found.each, "total": found.total, "ttft": found.first_token,
        "requests": found.requests, "reading": reading,
    }  # fmt: skip


def figures(case: Mapping[str, Any], shape: Shape, constants: Mapping[str, Any]) -> Iterator[tuple[str, float, float]]:
    """(what, measured, predicted); seconds count as the speed that they mean."""
    answers = predicted(case, shape, constants)
    for what, measured in case["measured"].items():
        if what in answers:
            turn = what in ("step", "ttft", "reading")
            yield what, (1 / measured if turn else measured), (1 / answers[what] if turn else answers[what])
