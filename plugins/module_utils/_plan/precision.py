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
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import DTYPES, Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Gpu

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
    engine: str
    version: str

    def first(self, form: str) -> Optional[float]:
        """The lowest compute capability on which the engine's version runs it; None where there is none."""
        found = [float(row["from"]) for row in (self.kernels.get(form) or {"rows": []})["rows"] if self._knows(row)]
        return min(found) if found else None

    def _knows(self, row: Mapping[str, Any]) -> bool:
        since = (row.get("since") or {self.engine: "0"}).get(self.engine)  # engines that are not named can't
        return since is not None and version_key(self.version) >= version_key(str(since))

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
            if self._knows(row) and self.gpu.capability >= float(row["from"]):
                return str(row["how"])
        return ""

    def runs(self, form: str) -> bool:
        return bool(self.how(form))


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
    raise Refusal("LLM545", gpu=card.gpu.name)


class CannotRun(Exception):
    """A card can't run a format; the refusal with what would help is written by _plan/refuse.py."""

    def __init__(self, form: str, rule: str = "LLM502") -> None:
        super().__init__(form)
        self.form, self.rule = form, rule


def decide(shape: Shape, wish: str, card: Card) -> Precision:
    """The precision to run; CannotRun where the card can't (LLM501, LLM502)."""
    gpu = card.gpu
    stored = stored_form(shape)
    if DTYPES.get(shape.dtype) == 4:  # engines are told a type of 16 bit, and load the weights as that
        shape = dataclasses.replace(shape, dtype="bfloat16" if card.runs("bf16") else "float16")
    quantised = stored not in ("bf16", "fp16")
    attention = "sparse_mla" if shape.index_dim else "mla" if shape.mla else ""
    if attention and gpu.vendor == "nvidia" and not card.runs(attention):
        raise CannotRun(attention)
    if quantised and wish not in ("bf16", "fp16"):
        forms = [stored, *shape.quant.forms()[1:]]
        missing = next((form for form in forms if not card.runs(form)), None)
        if missing:
            raise CannotRun(missing)
        dtype = "float16" if stored in ("awq", "gptq") or not card.runs("bf16") else "bfloat16"
        strange = [form for form in forms if form not in card.kernels and card.row.get("formats") is None]
        slow = [form.upper() for form in forms if card.how(form) == "weight_only" and form in FLOATS]
        notices = [notice("LLM571", gpu=gpu.name, form=", ".join(slow))] if slow else []
        notices += [notice("LLM579", form=", ".join(strange), bits=shape.quant.bits)] if strange else []
        return Precision(shape, dtype, None, stored, notices)
    if quantised:  # 16 bit asked of a quantised checkpoint: the weights grow
        shape = dataclasses.replace(shape, quant=Quant())
    want = stored if wish == "native" or (quantised and wish == stored) else wish
    if want == "fp8":
        how = card.how("fp8")
        if not how:
            raise CannotRun("fp8")
        notices = [notice("LLM571", gpu=gpu.name, form="FP8")] if how == "weight_only" else []
        return Precision(dataclasses.replace(shape, quant=Quant("fp8", 8)), "bfloat16", "fp8", "fp8", notices)
    if want == "bf16" and not card.runs("bf16"):
        if wish == "bf16":
            raise CannotRun("bf16", "LLM501")
        return Precision(shape, "float16", None, "fp16", [notice("LLM564", gpu=gpu.name)])
    return Precision(shape, "float16" if want == "fp16" else "bfloat16", None, want, [])
