"""make sizing-accuracy: predicted against measured, by family and GPU, with the usual rules beside it.

usage: python -m tests.sizing.accuracy CASES MODELS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".collections"))

from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_bytes import GIB
from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_memory import margin_gib, predict

from tests.sizing.cases import find_shape, gpu_name, load, out_of_scope, run_of, version_of

FAILED = ("fail_kv_too_small", "fail_no_kv", "oom_load")


def quantile(values: list[float], share: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def error(predicted: float, measured: float) -> float:
    return predicted / measured - 1


def judge(case: dict[str, Any], models: dict[str, Any]) -> dict[str, Any]:
    shape = find_shape(case, models)
    row: dict[str, Any] = {"id": case["id"], "model": shape.id if shape else case.get("model"), "gpu": gpu_name(case),
                           "version": version_of(case), "scope": out_of_scope(case, shape)}  # fmt: skip
    if row["scope"] or shape is None:
        return row
    measured = case["measured"]
    run = run_of(case, shape)
    if run is None:
        return row
    memory = predict(shape, run)
    row["memory"], row["run"], row["shape"] = memory, run, shape
    if measured.get("weights_gib_per_gpu"):
        row["weights"] = error(memory.weights, measured["weights_gib_per_gpu"])
    stated = case.get("gpu_memory_utilization") or case.get("inferred", {}).get("util")
    if not stated and not case.get("max_model_len"):
        return row
    tokens = measured.get("kv_tokens")
    kv = measured.get("kv_gib_per_gpu")
    if not tokens and kv and kv > 0:
        tokens = kv * GIB / memory.kv_token_bytes
    if tokens:
        row["tokens"] = error(max(0, memory.tokens()), tokens)
        row["unsafe"] = memory.tokens(margin=margin_gib(run.total_gib)) > tokens
    if kv and kv > 0:
        row["kv"] = error(max(0.0, memory.kv), kv)
    if case.get("max_model_len"):
        fits = memory.tokens(margin=margin_gib(run.total_gib)) >= case["max_model_len"]
        row["false_fit"] = fits and case["outcome"] in FAILED
        row["false_refusal"] = not fits and case["outcome"] == "ok"
    elif case["outcome"] in FAILED:
        row["false_fit"] = memory.tokens(margin=margin_gib(run.total_gib)) > 0
    return row


def main(arguments: list[str]) -> int:
    cases, models = load(*arguments)
    rows = [judge(case, models) for case in cases]
    for row in rows:
        m=row.get('memory'); c=next(c for c in cases if c['id']==row['id'])['measured']
        print(f"{row['id'][:34]:34} {row['scope'][:18]:18} "+" ".join(f"{k}={row[k]:+.3f}" for k in ("weights","kv","tokens") if k in row)+ (" unsafe" if row.get("unsafe") else "")+(" FALSEFIT" if row.get("false_fit") else "")+(" FALSEREF" if row.get("false_refusal") else "") + (f" | W {m.weights:.2f}/{c['weights_gib_per_gpu']} act {m.activation:.2f}/{c['activation_gib']} nt {m.non_torch}/{c['non_torch_gib']} kv {m.kv:.2f}/{c['kv_gib_per_gpu']} g {m.graphs}" if m else ""))
    inside = [row for row in rows if not row["scope"]]

    def of(key: str) -> list[float]:
        return [abs(row[key]) for row in inside if key in row]

    summary = {
        "cases": len(inside), "weights_median": quantile(of("weights"), 0.5), "weights_p90": quantile(of("weights"), 0.9),
        "kv_tokens_median": quantile(of("tokens"), 0.5), "kv_tokens_p90": quantile(of("tokens"), 0.9),
        "kv_gib_median": quantile(of("kv"), 0.5), "unsafe": sum(bool(row.get("unsafe")) for row in inside),
        "false_fits": sum(bool(row.get("false_fit")) for row in inside),
        "false_refusals": sum(bool(row.get("false_refusal")) for row in inside),
    }  # fmt: skip
    print(json.dumps(summary))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
