# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The precision: what the wish means for this checkpoint, and what this card can run."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, notice
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.quant import Quant
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Gpu

MLA_FLOOR = 8.0
OLD_CARDS = 7.5  # below, only an older image runs
FLOATS = ("fp8", "nvfp4", "mxfp4")  # formats that newer cards compute in


@dataclass(frozen=True)
class Precision:
    """What will run. `shape`: with the quantisation as it will be in memory; `name`: as in `appliance_precision`."""

    shape: Shape  # with the quantisation that will lie in memory
    dtype: str
    quantization: Optional[str]
    name: str
    notices: List[Dict[str, Any]]


@dataclass(frozen=True)
class Card:
    """A card with its row in the catalogue, and what an engine's version can run on it."""

    gpu: Gpu
    row: Mapping[str, Any]
    kernels: Mapping[str, Mapping[str, Any]]
    version: str

    def how(self, form: str) -> str:
        """`native`, `weight_only` (stored so, computed in 16 bit), or nothing where it can't run."""
        formats = self.row.get("formats")
        if formats is not None:
            return "native" if form in formats else ""
        if self.gpu.capability is None:
            return "native" if form in ("bf16", "fp16") else ""
        known = self.kernels.get(form)
        if known is None:  # a format that the table does not know is left to the engine
            return "native"
        for row in known["rows"]:
            old = self.version and row.get("since") and version_key(self.version) < version_key(str(row["since"]))
            if self.gpu.capability >= float(row["from"]) and not old:
                return str(row["how"])
        return ""

    def runs(self, form: str) -> bool:
        return bool(self.how(form))


def newest_for(engine: Mapping[str, Any], gpu: Gpu) -> str:
    """The engine's version that a card would get: the newest, or the last one that knows it."""
    listed = engine.get("legacy" if gpu.capability is not None and gpu.capability < OLD_CARDS else "supported")
    return str(listed[0]) if listed else ""


def stored_form(shape: Shape) -> str:
    """The format in which the checkpoint is stored."""
    method = shape.quant.method
    if method == "fbgemm_fp8":
        return "fp8"
    if method:
        return method
    return "fp16" if shape.dtype in ("float16", "half") else "bf16"


def cache_form(wish: str, engine: str, card: Card, shape: Shape) -> str:
    """How the cache is kept, as the engine names it; refused where the card can't (LLM545).

    Cards before Ada read fp8_e5m2 alone, which vLLM takes for checkpoints that have no scales of their own for a cache.
    """
    if wish != "fp8" or card.gpu.vendor != "nvidia" or card.runs("kv_fp8"):
        return wish
    if engine == "vllm" and card.runs("kv_fp8_e5m2") and not shape.mla and shape.quant.method in ("", "awq", "gptq"):
        return "fp8_e5m2"
    raise Refusal("LLM545", gpu=card.gpu.kind)


def _refuse(rule: str, gpu: Gpu, form: str) -> Refusal:
    capability = "" if gpu.capability is None else f" ({gpu.capability})"
    kind = f"{gpu.kind}{capability}"
    need, have = {"format": form}, {"gpu": gpu.kind, "capability": gpu.capability}
    if rule == "LLM501":
        return Refusal("LLM501", gpu=kind, form=form, need=need, have=have)
    return Refusal("LLM502", gpu=kind, form=form, need=need, have=have)


def decide(shape: Shape, wish: str, card: Card) -> Precision:
    """The precision to run; refused where the card can't run it (LLM501, LLM502)."""
    gpu = card.gpu
    stored = stored_form(shape)
    quantised = stored not in ("bf16", "fp16")
    if shape.mla and gpu.vendor == "nvidia" and (gpu.capability or 0) < MLA_FLOOR:
        raise _refuse("LLM502", gpu, "MLA (sm_80+)")
    if quantised and wish not in ("bf16", "fp16"):
        forms = [stored, *shape.quant.forms()[1:]]
        missing = next((form for form in forms if not card.runs(form)), None)
        if missing:
            raise _refuse("LLM502", gpu, missing.upper())
        dtype = "float16" if stored in ("awq", "gptq") or not card.runs("bf16") else "bfloat16"
        slow = [form.upper() for form in forms if card.how(form) == "weight_only" and form in FLOATS]
        notices = [notice("LLM571", gpu=gpu.kind, form=", ".join(slow))] if slow else []
        return Precision(shape, dtype, None, stored, notices)
    if quantised:  # 16 bit asked of a quantised checkpoint: the weights grow
        shape = dataclasses.replace(shape, quant=Quant())
    want = stored if wish == "native" or (quantised and wish == stored) else wish
    if want == "fp8":
        how = card.how("fp8")
        if not how:
            raise _refuse("LLM502", gpu, "FP8 (sm_80+)")
        notices = [notice("LLM571", gpu=gpu.kind, form="FP8")] if how == "weight_only" else []
        return Precision(dataclasses.replace(shape, quant=Quant("fp8", 8)), "bfloat16", "fp8", "fp8", notices)
    if want == "bf16" and not card.runs("bf16"):
        if wish == "bf16":
            raise _refuse("LLM501", gpu, "bfloat16 (sm_80+)")
        return Precision(shape, "float16", None, "fp16", [notice("LLM564", gpu=gpu.kind)])
    return Precision(shape, "float16" if want == "fp16" else "bfloat16", None, want, [])
