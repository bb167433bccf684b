# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what engines logged at their start with the plan; rows are kept, so that the next plan is more careful."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import placed_units
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import notice

TOLERANCE = 0.15
# What two rows must share, so that the newer replaces the older. The last ones are those of ends alone.
SAME = (
    "engine", "version", "gpu", "tensor", "pipeline", "model",
    "kind", "data", "precision", "kv_dtype", "hosts", "cards", "deployment",
)  # fmt: skip
# Rows without this number compare one engine with the sum of all; they are neither used nor kept.
ROWS = 2
ENDED = "ended"  # the kind of rows about starts that ended for lack of memory (_plan/heal.py)
_NUMBER = r"(-?[\d,]+(?:\.\d+)?)"
_LINES = {
    "kv_gib": re.compile(r"Available KV cache memory: " + _NUMBER + r" GiB"),
    "kv_gib_old": re.compile(r"the rest of the memory reserved for KV Cache is " + _NUMBER + r"GiB"),
    "kv_tokens": re.compile(r"(?:GPU|CPU) KV cache size: " + _NUMBER + r" tokens"),
    "weights_gib": re.compile(r"(?:Model loading took|model weights take) " + _NUMBER + r" ?Gi?B"),
    "concurrency": re.compile(r"Maximum concurrency for [\d,]+ tokens per request: " + _NUMBER + "x"),
}


def parse_log(log: str) -> Dict[str, float]:
    """Figures of the newest start in a log: kv_tokens, kv_gib, weights_gib, concurrency (GiB on one card).

    Where several ranks log one, the smallest counts, of the weights the largest.
    """
    found: Dict[str, float] = {}
    start = log.rfind("non-default args")
    newest = log[start:] if start >= 0 else log
    for name, pattern in _LINES.items():
        values = [float(value.replace(",", "")) for value in pattern.findall(newest)]
        if values:
            key = "kv_gib" if name == "kv_gib_old" else name
            found[key] = max(values) if name == "weights_gib" else min(values)
    return found


def learn(plan: Mapping[str, Any], logs: Mapping[str, str]) -> Dict[str, Any]:
    """{measured, rows, warnings} from the logs, which are keyed by unit. A log without figures is passed over."""
    found: Dict[str, Any] = {"measured": {}, "rows": [], "warnings": []}
    # Of the head's engines, whose logs are read.
    for unit in [unit for host, unit in placed_units(plan) if plan["nodes"][host]["head"]]:
        measured = parse_log(logs.get(unit["name"], ""))
        if not measured:
            continue
        found["measured"][unit["name"]] = measured
        row, warnings = compare(plan, unit, measured)
        found["warnings"] += warnings
        # Of engines that were planned alike, the one that found the least room counts.
        twin = next((stored for stored in found["rows"] if same_start(stored, row)), None)
        if twin and (row["kv_factor"] or 9.0) < (twin["kv_factor"] or 9.0):
            found["rows"].remove(twin)
            twin = None
        found["rows"] += [] if twin else [row]
    return found


def compare(
    plan: Mapping[str, Any], unit: Mapping[str, Any], measured: Mapping[str, float]
) -> Tuple[Dict[str, Any], List[Dict[str, Any]]]:
    """A calibration row for one engine, and a warning where start and plan are over 15 % apart."""
    per_gpu = unit["memory"].get("per_gpu_gib") or {}
    capacity, layout = unit["capacity"], unit["layout"]
    planned_gib = per_gpu.get("kv_best")
    # One replica inside the engine, without the margin: what its log should say.
    planned_tokens = capacity.get("kv_tokens_best") or capacity["kv_tokens"]
    share: Optional[float] = None
    if measured.get("kv_tokens") and planned_tokens:
        share = measured["kv_tokens"] / planned_tokens
    factor = measured["kv_gib"] / planned_gib if measured.get("kv_gib") and planned_gib else share
    row = {
        "schema": ROWS,
        "engine": plan["engine"]["name"], "version": plan["engine"]["version"], "gpu": plan.get("gpu"),
        "tensor": layout["tensor"], "pipeline": layout["pipeline"], "model": unit["model"]["id"],
        "planned": {"kv_tokens": planned_tokens, "kv_gib": planned_gib}, "measured": dict(measured),
        "kv_factor": round(factor, 4) if factor else None,
    }  # fmt: skip
    if share is None or abs(share - 1) <= TOLERANCE:
        return row, []
    apart = notice("LLM535", unit=unit["name"], planned=planned_tokens, measured=measured["kv_tokens"], share=share - 1)
    return row, [apart]


def kv_factor(rows: List[Dict[str, Any]], version: str, gpu: str) -> float:
    """The lowest share of measured to planned cache for this version and card.

    At most 1, so a plan only becomes more careful.
    """
    known = [float(row["kv_factor"]) for row in rows
             if row.get("schema") == ROWS and row.get("kv_factor")
             and row.get("version") == version and row.get("gpu") == gpu]  # fmt: skip
    return min([1.0, *known])


def same_start(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether two rows are of the same engine version, card, layout and model, and both of starts or of ends."""
    return all(old.get(key) == new.get(key) for key in SAME)


def add_rows(rows: List[Dict[str, Any]], fresh: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """The rows to keep: a newer start replaces the older one of the same engine version, card, layout and model."""
    kept = [old for old in rows if old.get("schema") == ROWS and not any(same_start(old, row) for row in fresh)]
    return [*kept, *fresh]
