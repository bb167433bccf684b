# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the golden table: every catalogue model on every reference card, and the stated concurrency beside ours.

usage: python -m tests.sizing.golden > tests/sizing/golden/plans.md
"""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

from tests.sizing.common import ROOT, declared, first_unit, load_catalog, plan, totals

OWN = r"deepseek-(r1-(671b|\d+(\.\d)?b)|v3-671b)"  # models of the profiles, on every card
PARKS = ((1, 1), (1, 2), (1, 4), (1, 8), (2, 8))  # nodes, cards a node
WISH = {
    "title": {"zh": "-", "en": "-"},
    "engine": "vllm",
    "device": "cuda",
    "precision": "native",
    "context_length": 8192,
    "concurrency": 16,
    "request_tokens": 4096,
    "chat_image": "open-webui",
}
# Requests at once at 4K / 8K on eight cards, as a hardware guide states them.
STATED = {
    "deepseek-r1-32b": {"rtx-4090-24g": (24, 12), "rtx-5090-32g": (32, 16), "l40s-48g": (48, 24)},
    "deepseek-r1-70b": {"rtx-4090-24g": (10, 5), "rtx-5090-32g": (12, 6), "l40s-48g": (20, 10)},
}


def loader(catalog: Any, model: str, precision: str) -> str:
    """vLLM, or who loads a checkpoint that it can't."""
    known = (catalog["models"][model].get("checkpoints") or {}).get(precision, {}).get("engines") or {"vllm": ""}
    return str(next(iter(known)))


def cell(catalog: Any, model: str, precision: str, gpu: str, nodes: int, count: int) -> str:
    wish = {"profile": "golden", "model": model, "precision": precision, "engine": loader(catalog, model, precision)}
    wish["allow_remote_code"] = "Kimi's tokenizer is Python"
    try:
        made = plan(catalog, declared(gpu, count, nodes), **wish)
    except Refusal as refusal:
        longest = (refusal.have or {}).get("longest_context") or 0
        return refusal.rule + (f" (≤{longest // 1024}K)" if longest else "")
    layout = first_unit(made)["layout"]
    name = "".join(
        f"{key}{layout[part]}" for key, part in (("T", "tensor"), ("P", "pipeline"), ("D", "data")) if layout[part] > 1
    )
    return f"{name or '1'} {totals(made)['kv_tokens'] // 1000}k"


def stated(catalog: Any) -> list[str]:
    lines = [
        "",
        "## Stated concurrency on eight cards, and ours",
        "",
        "| model | card | stated 4K / 8K | planned 4K / 8K | plan's KV tokens | planned / stated |",
        "|---|---|---|---|---|---|",
    ]
    for model, cards in STATED.items():
        for gpu, (four, eight) in cards.items():
            made = plan(catalog, declared(gpu, 8), profile="golden", model=model, concurrency=4)
            tokens = totals(made)["kv_tokens"]
            ours = (tokens // 4096, tokens // 8192)
            lines.append(
                f"| {model} | 8 x {gpu} | {four} / {eight} | {ours[0]} / {ours[1]} | {tokens} | {ours[0] / four:.1f} |"
            )
    lines += [
        "",
        "The stated figures halve from 4K to 8K as ours do, so both count cache; ours are what the cache holds",
        "when every request is full. The guide keeps further room (older engine defaults, slower answers at high",
        "concurrency, 16-bit 70B on 24 GB cards being tight), and states nothing about how it got its figures.",
        "A profile's own concurrency, not this upper bound, becomes --max-num-seqs.",
    ]
    return lines


# Machines on which these engines were timed: cards, main memory, file, and the layers that were off-loaded.
MEASURED = (
    ("llamacpp", "rtx-4090-24g", 1, 256, "UD-IQ1_S", "7 (23 GB)"),
    ("llamacpp", "rtx-4090-24g", 4, 256, "UD-IQ1_S", "(92 GB)"),
    ("llamacpp", "h800-80g", 4, 512, "UD-IQ1_S", "all (140 GB)"),
    ("llamacpp", "", 0, 256, "UD-IQ1_S", "0 (180 GB of main memory)"),
    ("ollama", "a100-80g", 2, 512, "UD-IQ1_S", "-"),
    ("ktransformers", "rtx-4090-24g", 1, 512, "Q4_K_M", "11 GB, 382 GB of main memory"),
    ("ktransformers", "rtx-4090-24g", 1, 256, "Q4_K_M", "refused: 382 GB needed"),
)


def gguf(catalog: Any) -> list[str]:
    lines = [
        "",
        "## 671B from GGUF files, 4096 tokens, one request",
        "",
        "| engine | cards | memory GiB | file | measured or stated | planned of 61 | on cards GiB | in memory GiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for engine, gpu, count, memory, name, seen in MEASURED:
        start = f"| {engine} | {count} x {gpu or '-'} | {memory} | {name} | {seen} "
        wish = {"context_length": 4096, "concurrency": 1, "gguf": name, "profile": "flagship", "engine": engine}
        wish["allow_remote_code"] = "KTransformers runs the code of the model's config"
        try:
            made = plan(catalog, declared(gpu, count, memory_gib=memory), **wish)
        except Refusal as refusal:
            lines.append(f"{start}| {refusal.rule} | | |")
            continue
        held = first_unit(made)["memory"]
        lines.append(f"{start}| {made['gguf']['gpu_layers']} | {held['cards_gib']:.0f} | {held['host_gib']:.0f} |")
    return lines


# Cards of the short table, in which each further model stands with the fewest of them that hold it.
STARTS = ("h200-141g", "rtx-4090-24g")
SHORT = ("rtx-4090-24g", "l40s-48g", "a100-80g", "h20-96g", "h200-141g", "b200-180g", "ascend-910b-64g")


def fewest(catalog: Any, model: str, precision: str, gpu: str) -> str:
    """The smallest park that holds the wish, or what the largest one is refused for."""
    said = ""
    for nodes, count in PARKS:
        said = cell(catalog, model, precision, gpu, nodes, count)
        if not said.startswith("LLM"):
            return f"{nodes} x {count}: {said}"
    return said


def further(catalog: Any, wanted: list[tuple[str, str]]) -> list[str]:
    lines = [
        "",
        "## Further models: the fewest cards that hold them",
        "",
        f"| model | {' | '.join(SHORT)} |",
        "|---|" + "---|" * len(SHORT),
    ]
    for model, precision in wanted:
        cells = " | ".join(fewest(catalog, model, precision, gpu) for gpu in SHORT)
        lines.append(f"| {model}{'' if precision == 'native' else f' ({precision})'} | {cells} |")
    return lines


def shapes(catalog: Any) -> list[str]:
    """The models of the published starts as their config.json says (data/models.json), with what a plan warns of."""
    lines = [
        "",
        "## Shapes of the published starts, each as if the hub had told it",
        "",
        f"| model | {' | '.join(f'8 x {gpu}' for gpu in STARTS)} |",
        "|---|" + "---|" * len(STARTS),
    ]
    rows = json.loads((ROOT / "tests/sizing/data/models.json").read_text(encoding="utf-8"))
    for name, raw in sorted(rows.items()):
        kind = {"model_type": "opt" if raw.get("mlp") else "llama"}
        config = raw if raw.get("architectures") or raw.get("model_type") else {**raw, **kind}
        longest = int((config.get("text_config") or config).get("max_position_embeddings") or WISH["context_length"])
        wish = {"profile": "golden", "model": name if "/" in name else f"of/{name}", "model_info": {"config": config}}
        wish["context_length"] = min(longest, WISH["context_length"])
        lines.append(f"| {name} | {' | '.join(told(catalog, gpu, wish) for gpu in STARTS)} |")
    return lines


def told(catalog: Any, gpu: str, wish: dict[str, Any]) -> str:
    try:
        made = plan(catalog, declared(gpu, 8), **wish)
    except Refusal as refusal:
        return refusal.rule
    said = [warning["id"] for warning in made["warnings"] if warning["id"] not in ("LLM527", "LLM562")]
    return " ".join([f"{totals(made)['kv_tokens'] // 1000}k", *said])


def table() -> str:
    catalog = load_catalog()
    catalog["profiles"]["golden"] = WISH
    lines = [
        "# The models of the profiles on every reference card, and further ones on some",
        "",
        "vLLM, checkpoint's own precision, longest request 8192, 16 at once of 4096 each. Columns: nodes x cards.",
        "`T2P2D2 123k` = tensor 2, pipeline 2, replicas 2, KV tokens in all. `LLM504` = does not fit",
        "(`≤8K`: the longest single request that would), `LLM501/502` = the card can't run the format.",
    ]
    wanted = [
        (model, precision)
        for model, entry in catalog["models"].items()
        if not model.startswith("tiny") and not entry.get("vectors")
        for precision in ("native", *sorted(entry.get("checkpoints") or {}))
    ]
    own = [row for row in wanted if re.fullmatch(OWN, row[0])]
    for model, precision in own:
        heads = " | ".join(f"{nodes} x {count}" for nodes, count in PARKS)
        engine = loader(catalog, model, precision)
        by = "" if engine == "vllm" else f", {engine}"
        lines += ["", f"## {model} ({precision}{by})", "", f"| card | {heads} |", "|---|" + "---|" * len(PARKS)]
        for gpu in catalog["gpus"]:
            row = " | ".join(cell(catalog, model, precision, gpu, nodes, count) for nodes, count in PARKS)
            lines.append(f"| {gpu} | {row} |")
    lines += further(catalog, [row for row in wanted if row not in own])
    return "\n".join(lines + shapes(catalog) + stated(catalog) + gguf(catalog)) + "\n"


if __name__ == "__main__":
    print(table(), end="")
