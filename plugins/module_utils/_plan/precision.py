# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The precision: what the wish means for this checkpoint, and what this card can run."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, notice
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Quant, Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Gpu

# NVIDIA compute capability from which a format runs (catalogue rows of other vendors list `formats` instead).
FLOORS = {
    "bf16": 8.0, "fp16": 0.0, "fp8": 8.9, "int8": 7.5, "awq": 7.5, "gptq": 6.0, "int4": 8.0, "bitsandbytes": 7.0,
    "mxfp4": 8.0, "nvfp4": 10.0, "gguf": 6.0,
}  # fmt: skip
MLA_FLOOR = 8.0


@dataclass(frozen=True)
class Precision:
    """What will run. `shape`: with the quantisation as it will be in memory; `name`: as in `appliance_precision`."""

    shape: Shape  # with the quantisation that will lie in memory
    dtype: str
    quantization: Optional[str]
    name: str
    notices: List[Dict[str, Any]]


def card_runs(gpu: Gpu, entry: Mapping[str, Any], form: str) -> bool:
    """Whether a card runs a format, by the catalogue's list or else by its compute capability."""
    formats = entry.get("formats")
    if formats is not None:
        return form in formats
    if gpu.capability is None:
        return form in ("bf16", "fp16")
    return gpu.capability >= FLOORS.get(form, 0.0)


def stored_form(shape: Shape) -> str:
    """The format in which the checkpoint is stored."""
    method = shape.quant.method
    if method == "fbgemm_fp8":
        return "fp8"
    if method:
        return method
    return "fp16" if shape.dtype in ("float16", "half") else "bf16"


def _refuse(rule: str, gpu: Gpu, form: str) -> Refusal:
    capability = "" if gpu.capability is None else f" ({gpu.capability})"
    kind = f"{gpu.kind}{capability}"
    need, have = {"format": form}, {"gpu": gpu.kind, "capability": gpu.capability}
    if rule == "LLM501":
        return Refusal("LLM501", gpu=kind, form=form, need=need, have=have)
    return Refusal("LLM502", gpu=kind, form=form, need=need, have=have)


def decide(shape: Shape, wish: str, gpu: Gpu, entry: Mapping[str, Any]) -> Precision:
    """The precision to run; refused where the card can't run it (LLM501, LLM502)."""
    stored = stored_form(shape)
    quantised = stored not in ("bf16", "fp16")
    if shape.mla and gpu.vendor == "nvidia" and (gpu.capability or 0) < MLA_FLOOR:
        raise _refuse("LLM502", gpu, "MLA (sm_80+)")
    if quantised and wish not in ("bf16", "fp16"):
        if not card_runs(gpu, entry, stored):
            raise _refuse("LLM502", gpu, stored.upper())
        dtype = "float16" if stored in ("awq", "gptq") or not card_runs(gpu, entry, "bf16") else "bfloat16"
        return Precision(shape, dtype, None, stored, [])
    if quantised:  # 16 bit asked of a quantised checkpoint: the weights grow
        shape = dataclasses.replace(shape, quant=Quant())
    want = stored if wish == "native" or (quantised and wish == stored) else wish
    if want == "fp8":
        if not card_runs(gpu, entry, "fp8"):
            raise _refuse("LLM502", gpu, "FP8 (sm_89+)")
        return Precision(dataclasses.replace(shape, quant=Quant("fp8", 8)), "bfloat16", "fp8", "fp8", [])
    if want == "bf16" and not card_runs(gpu, entry, "bf16"):
        if wish == "bf16":
            raise _refuse("LLM501", gpu, "bfloat16 (sm_80+)")
        return Precision(shape, "float16", None, "fp16", [notice("LLM564", gpu=gpu.kind)])
    return Precision(shape, "float16" if want == "fp16" else "bfloat16", None, want, [])
