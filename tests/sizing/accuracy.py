# SPDX-License-Identifier: GPL-3.0-or-later
"""make sizing-accuracy: predicted against measured, by family and card, with other predictors beside it.

usage: python -m tests.sizing.accuracy CASES MODELS [--rows] [--parts]
The last line is JSON; errors are fractions.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.memory import TERMS, Terms, margin_gib, predict
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import padded

from tests.sizing.cases import (
    MODIFIED_BUILD,
    capability,
    figure,
    find_shape,
    gpu_name,
    inferred,
    load,
    out_of_scope,
    run_of,
    version_of,
)
from tests.sizing.fit import fit, leave_one_out
from tests.sizing.peers import RULES, ask_aiconfigurator, ask_tools, rule_tokens

FAILED = ("fail_kv_too_small", "fail_no_kv", "oom_load")
Row = dict[str, Any]


def quantile(values: list[float], share: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return round(ordered[low] + (ordered[high] - ordered[low]) * (place - low), 5)


def judge(case: Row, models: Row, terms: Terms = TERMS) -> Row:
    row: Row = {"id": case["id"], "model": case.get("model"), "gpu": gpu_name(case), "version": version_of(case)}
    try:
        shape = find_shape(case, models)
        row["scope"] = out_of_scope(case, shape)
        run = run_of(case, shape) if shape and row["scope"] in ("", MODIFIED_BUILD) else None
    except (Refusal, ValueError, KeyError, TypeError) as error:
        row["scope"] = f"refused: {error}"[:40]
        return row
    if shape is None or row["scope"] not in ("", MODIFIED_BUILD):
        return row
    row["model"], row["family"] = shape.id, shape.model_type
    if run is not None:
        shape = padded(shape, run.version, capability(case))
        row.update(run=run, shape=shape, memory=predict(shape, run, terms))
        compare(row, case)
    return row


def compare(row: Row, case: Row) -> None:
    """Errors of one case, for what its log shows."""
    measured, memory, run = case["measured"], row["memory"], row["run"]
    if measured.get("weights_gib_per_gpu"):
        row["weights"] = memory.weights / measured["weights_gib_per_gpu"] - 1
    stated = figure(case.get("gpu_memory_utilization"), inferred(case).get("util"))
    safe = memory.tokens(margin=margin_gib(run.total_gib, row["shape"]))
    kv, tokens = measured.get("kv_gib_per_gpu"), measured.get("kv_tokens")
    if stated or case.get("max_model_len"):
        if memory.request_bytes:  # older versions print another number for these; all print how many requests fit
            times = measured.get("max_concurrency")
            tokens = times * run.max_len if times else tokens
        if not tokens and kv and kv > 0:
            tokens = dataclasses.replace(memory, kv=kv).tokens()
        if tokens:
            row["measured_tokens"] = tokens
            row["tokens"] = memory.tokens() / tokens - 1
            row["unsafe"], row["safe"] = safe > tokens, safe
        if kv and kv > 0:
            row["kv"] = max(0.0, memory.kv) / kv - 1
    fits = safe >= (case.get("max_model_len") or 1)
    row["false_fit"] = fits and case["outcome"] in FAILED
    row["false_refusal"] = bool(case.get("max_model_len")) and not fits and case["outcome"] == "ok"


def of(rows: list[Row], key: str) -> list[float]:
    return [abs(row[key]) for row in rows if key in row]


def shown(value: float | None) -> str:
    return "      -" if value is None else f"{100 * value:6.1f}%"


def group_table(rows: list[Row], title: str, key: Callable[[Row], str]) -> None:
    print(f"\n{title:28} cases  weights median/p90    KV tokens median/p90")
    for name in sorted({key(row) for row in rows}):
        part = [row for row in rows if key(row) == name]
        figures = [quantile(of(part, what), share) for what in ("weights", "tokens") for share in (0.5, 0.9)]
        print(
            f"{name[:28]:28} {len(part):5}  {shown(figures[0])} {shown(figures[1])}      "
            f"{shown(figures[2])} {shown(figures[3])}"
        )


def peer_table(rows: list[Row], models: Row) -> None:
    judged = [row for row in rows if "tokens" in row]
    answers = ask_aiconfigurator(judged, models)
    print(f"\n{'KV tokens, by whom':28} cases  median    p90  too many   same cases, this planner")
    peers = {"this planner": {row["id"]: (1 + row["tokens"]) * row["measured_tokens"] for row in judged}}
    peers["  what it promises"] = {row["id"]: float(row["safe"]) for row in judged}
    for name, rule in RULES.items():
        peers[name] = {row["id"]: rule_tokens(row["shape"], row["run"], *rule) for row in judged}
    peers["aiconfigurator 0.12.0"] = answers
    peers.update(ask_tools(judged, models))
    for name, tokens in peers.items():
        same = [row for row in judged if row["id"] in tokens]
        errors = [abs(tokens[row["id"]] / row["measured_tokens"] - 1) for row in same]
        ours = of(same, "tokens")
        over = sum(tokens[row["id"]] > row["measured_tokens"] for row in same)
        print(
            f"{name:28} {len(same):5} {shown(quantile(errors, 0.5))} {shown(quantile(errors, 0.9))}     {over:5}   "
            f"{shown(quantile(ours, 0.5))} {shown(quantile(ours, 0.9))}"
        )
    if not answers:
        print("(the other planners are not set up: tests/sizing/peer_setup.sh)")


def left_out_table(rows: list[Row], cases: list[Row], models: Row) -> None:
    """Each source judged by constants that were fitted without it."""
    by_id = {case["id"]: case for case in cases}
    known = [(by_id[row["id"]], row["shape"], row["run"]) for row in rows if "run" in row]
    found = leave_one_out(known, lambda case, terms: judge(case, models, terms))
    print("\nleft out of the fit           cases  KV tokens median/p90   unsafe")
    for source, part in found:
        figures = [quantile(of(part, "tokens"), share) for share in (0.5, 0.9)]
        unsafe = sum(bool(row.get("unsafe")) for row in part)
        print(f"{source[-28:]:28} {len(part):5}  {shown(figures[0])} {shown(figures[1])}       {unsafe:4}")
    every = [row for _source, part in found for row in part]
    print("all, each by the fit of the others, then by the constants as they are; the fit of all:")
    fitted = fit(known)
    for name, part in (("left out", every), ("as they are", rows)):
        line = summary(part)
        figures = f"{shown(line['kv_tokens_median'])} {shown(line['kv_tokens_p90'])}"
        wrong = ", ".join(f"{key.replace('_', ' ')} {line[key]}" for key in ("unsafe", "false_fits", "false_refusals"))
        print(f"  {name:12} {figures}  {wrong}")
    links = ", ".join(f"TP {tensor} {gib:.2f}" for tensor, gib in fitted.links)
    print(f"  sampler {fitted.sampler_native:.1f} B a logit; {links}; without NVLink {fitted.without_link:.2f} GiB; "
          f"graphs {fitted.graphs_dense:.1e} and {fitted.graphs_moe:.1e} GiB; small card {fitted.small_card:.2f}, "
          f"before 0.7 {fitted.before_0_7:.2f} more; images on V0 {fitted.vision_v0:.2f} GiB")  # fmt: skip


def row_table(rows: list[Row]) -> None:
    for row in rows:
        errors = "  ".join(f"{key} {100 * row[key]:+.1f}%" for key in ("weights", "kv", "tokens") if key in row)
        marks = " ".join(key.upper() for key in ("unsafe", "false_fit", "false_refusal") if row.get(key))
        print(f"{row['id'][:40]:40} {row['scope'][:24]:24} {errors} {marks}".rstrip())


def part_table(rows: list[Row], cases: list[Row]) -> None:
    """GiB by which each part of the memory is predicted too large (+) or too small, where the log shows it."""
    by_id = {case["id"]: case["measured"] for case in cases}
    named = ("weights_gib_per_gpu", "activation_gib", "non_torch_gib", "kv_gib_per_gpu", "graph_gib")
    found: dict[str, list[float]] = {name: [] for name in named}
    print(f"\n{'predicted - logged, GiB':40} " + " ".join(f"{name.split('_gib')[0][:10]:>10}" for name in named))
    for row in rows:
        if "run" not in row:
            continue
        memory, logged = row["memory"], by_id[row["id"]]
        graphs = memory.graphs + memory.graphs_outside
        line, parts = [], (memory.weights, memory.activation, memory.non_torch, memory.kv, graphs)
        for name, own in zip(named, parts, strict=True):
            known = logged.get(name)
            line.append("         -" if known is None else f"{own - known:+10.2f}")
            found[name] += [] if known is None else [own - known]
        print(f"{row['id'][:40]:40} " + " ".join(line))
    for what, share in (("a tenth is below", 0.1), ("median", 0.5), ("a tenth is above", 0.9)):
        print(f"{what:40} " + " ".join(f"{quantile(found[name], share) or 0:+10.2f}" for name in named))


def summary(rows: list[Row]) -> Row:
    return {
        "cases": len(rows),
        "weights_median": quantile(of(rows, "weights"), 0.5),
        "weights_p90": quantile(of(rows, "weights"), 0.9),
        "kv_tokens_median": quantile(of(rows, "tokens"), 0.5),
        "kv_tokens_p90": quantile(of(rows, "tokens"), 0.9),
        "kv_gib_median": quantile(of(rows, "kv"), 0.5),
        "unsafe": sum(bool(row.get("unsafe")) for row in rows),
        "false_fits": sum(bool(row.get("false_fit")) for row in rows),
        "false_refusals": sum(bool(row.get("false_refusal")) for row in rows),
    }


def main(arguments: list[str]) -> int:
    paths = [argument for argument in arguments if not argument.startswith("--")]
    if len(paths) != 2:
        print(__doc__)
        return 2
    cases, models = load(*paths)
    rows = [judge(case, models) for case in cases]
    inside = [row for row in rows if not row["scope"]]
    if "--rows" in arguments:
        row_table(rows)
    if "--parts" in arguments:
        part_table(inside, cases)
    print(f"{len(rows)} cases, {len(inside)} in scope; out of scope:")
    for reason in sorted({row["scope"] for row in rows if row["scope"]}):
        print(f"  {sum(row['scope'] == reason for row in rows):3}  {reason}")
    group_table(inside, "family", lambda row: row["family"])
    group_table(inside, "card", lambda row: row["gpu"] or "not stated")
    peer_table(inside, models)
    left_out_table(inside, cases, models)
    judged, other = ([row for row in rows if "run" in row and row["scope"] == scope] for scope in ("", MODIFIED_BUILD))
    print(f"\n{len(judged)} of {len(inside)} name card and layout; {MODIFIED_BUILD} beside them:")
    print(f"  {json.dumps(summary(other))}\n  with these: {json.dumps(summary(judged + other))}\n")
    print(json.dumps(summary(inside)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
