# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine said at its start, beside what was planned; kept so that the next plan knows better."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base._plan_error_tmp import text

TOLERANCE = 0.15
_NUMBER = r"(-?[\d,]+(?:\.\d+)?)"
_LINES = {
    "kv_gib": re.compile(r"Available KV cache memory: " + _NUMBER + r" GiB"),
    "kv_gib_old": re.compile(r"the rest of the memory reserved for KV Cache is " + _NUMBER + r"GiB"),
    "kv_tokens": re.compile(r"(?:GPU|CPU) KV cache size: " + _NUMBER + r" tokens"),
    "weights_gib": re.compile(r"(?:Model loading took|model weights take) " + _NUMBER + r" ?Gi?B"),
    "concurrency": re.compile(r"Maximum concurrency for [\d,]+ tokens per request: " + _NUMBER + "x"),
}


def parse_log(log: str) -> Dict[str, float]:
    """Figures of the newest start in the log; of several ranks the smallest counts."""
    found: Dict[str, float] = {}
    start = log.rfind("non-default args")
    newest = log[start:] if start >= 0 else log
    for name, pattern in _LINES.items():
        values = [float(value.replace(",", "")) for value in pattern.findall(newest)]
        if values:
            key = "kv_gib" if name == "kv_gib_old" else name
            found[key] = max(values) if name == "weights_gib" else min(values)
    return found


def compare(plan: Mapping[str, Any], measured: Mapping[str, float]) -> Dict[str, Any]:
    """A calibration row, and a warning where plan and start are over 15 % apart."""
    per_gpu = (plan.get("memory") or {}).get("per_gpu_gib") or {}
    capacity, layout = plan["capacity"], plan["layout"]
    planned_gib = per_gpu.get("kv_best", per_gpu.get("kv", 0.0)) if per_gpu else None
    planned_tokens = capacity.get("kv_tokens_per_replica", capacity["kv_tokens"])
    if capacity.get("kv_tokens_best"):
        planned_tokens = capacity["kv_tokens_best"]  # without the margin: what the log should say
    share: Optional[float] = None
    if measured.get("kv_tokens") and planned_tokens:
        share = measured["kv_tokens"] / planned_tokens
    factor = measured["kv_gib"] / planned_gib if measured.get("kv_gib") and planned_gib else share
    row = {
        "engine": plan["engine"]["name"], "version": plan["engine"]["version"], "gpu": plan.get("gpu"),
        "tensor": layout["tensor"], "pipeline": layout["pipeline"], "model": plan["model"]["id"],
        "planned": {"kv_tokens": planned_tokens, "kv_gib": planned_gib}, "measured": dict(measured),
        "kv_factor": round(factor, 4) if factor else None,
    }  # fmt: skip
    warnings: List[Dict[str, str]] = []
    if share is not None and abs(share - 1) > TOLERANCE:
        message = text(
            f"KV 缓存: 计划 {planned_tokens} 词元, 实测 {measured['kv_tokens']:.0f} ({share - 1:+.0%})",
            f"KV cache: {planned_tokens} tokens planned, {measured['kv_tokens']:.0f} measured ({share - 1:+.0%})",
        )
        warnings.append({"id": "LLM535", "zh": message["zh"], "en": message["en"]})
    return {"calibration": row, "warnings": warnings}


def kv_factor(rows: List[Dict[str, Any]], version: str, gpu: str) -> float:
    """The lowest measured/planned share for this version and card; never above 1, so a plan only gets safer."""
    known = [float(row["kv_factor"]) for row in rows
             if row.get("kv_factor") and row.get("version") == version and row.get("gpu") == gpu]  # fmt: skip
    return min([1.0, *known])


def add_row(rows: List[Dict[str, Any]], row: Dict[str, Any]) -> List[Dict[str, Any]]:
    """The newest start of the same engine, card, layout and model takes the place of the older one."""
    keys = ("engine", "version", "gpu", "tensor", "pipeline", "model")
    kept = [one for one in rows if any(one.get(key) != row.get(key) for key in keys)]
    return [*kept, row]
