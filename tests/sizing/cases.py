# SPDX-License-Identifier: GPL-3.0-or-later
"""Published vLLM starts: reading them, and turning each into what the core predicts from."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.memory import GRAPHS_INSIDE, Run
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.quant import Quant
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape, read_shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import config_of

from tests.sizing.common import load_catalog

FLOOR = (0, 6, 4)
UNKNOWN_VERSION = (0, 8, 5)  # a log that does not say: the middle of the range the cases span
RECENT = (0, 26, 0)  # the same for models that only recent versions know
# What the driver of a named card reports, where a case does not say.
REPORTED = (
    ("gh200", 94.5),
    ("h200", 139.81),
    ("h20-141", 139.81),
    ("h20", 95.2),
    ("h800", 79.18),
    ("h100", 79.18),
    ("a100 40", 39.5),
    ("a100-pcie-40", 39.38),
    ("a800", 79.25),
    ("a100", 79.25),
    ("l40s", 44.3),
    ("l40", 44.3),
    ("a6000", 47.5),
    ("4090", 23.58),
    ("3090", 23.58),
    ("l4", 22.0),
    ("a10g", 22.0),
    ("v100-sxm2-32", 31.7),
    ("v100", 31.7),
    ("t4", 14.6),
    ("5090", 31.4),
    ("b200", 178.4),
)
CONSUMER = re.compile(r"rtx|3090|4090|5090|\bl4\b|\bl40s?\b|\bl20\b|\bt4\b|\ba10g?\b|radeon")  # no NVLink
GENERATIONS = {9.0: ("h[128]00", "h20", "gh200"), 10.0: ("g?b[23]00",)}
MODIFIED_BUILD = "a modified vLLM"
PARTS = (("weights", "_per_gpu"), ("kv", "_per_gpu"), ("activation", ""), ("non_torch", ""))
MODIFIED = re.compile(r"\b(fork|b12x)\b")  # engines with kernels and buffers that no vLLM release has
AHEAD = 100  # commits after which a build is of the next minor version rather than of its tag's
# Checkpoints whose config.json is not had: what their pages say they were made from, and what was added to it.
MADE_FROM: dict[str, tuple[str, dict[str, Any]]] = {
    "e5-mistral-7b": ("mistralai/Mistral-7B-v0.1", {}),
    # CLIP ViT-L/14 at 336 pixels (304.3 million, as its paper's tables give) and a projector of two matrices
    "llava-v1.6-mistral-7b": ("mistralai/Mistral-7B-Instruct-v0.2", {"vision_params": 325.3e6}),
    "deepseek 70b": ("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", {}),  # the only one of DeepSeek's with 70 billion
}
BIG = 70.0  # GiB from which vLLM takes its larger defaults


def load(cases: str, models: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    rows = [json.loads(line) for line in Path(cases).read_text(encoding="utf-8").splitlines() if line.strip()]
    return rows, json.loads(Path(models).read_text(encoding="utf-8"))


def inferred(case: dict[str, Any]) -> dict[str, Any]:
    """What the collector concluded, rather than read."""
    return case.get("inferred") or {}


def figure(*values: Any) -> float | None:
    """The first of the values that is a number above zero; remarks in words are passed over."""
    return next((float(value) for value in values if isinstance(value, (int, float)) and value > 0), None)


def plain(name: str) -> str:
    """A model's name without owner, remarks and the words that do not change its shape."""
    base = re.split(r" \(| class|,", name)[0].strip().split("/")[-1].lower().removesuffix(".gguf")
    return re.sub(r"meta-|-instruct|-chat|-base$|-q4_k_m|-it$|-hf|-unsloth|-bnb-4bit|-fp8.*$|-dynamic", "", base)


def version_of(case: dict[str, Any]) -> tuple[int, ...] | None:
    text = str(case.get("vllm_version") or inferred(case).get("version") or "")
    found = re.findall(r"\d+\.\d+(?:\.\d+)?", text)
    if not found:
        return None
    version = version_key(found[-1])
    ahead = re.search(r"rc\d+\.dev(\d+)", text)  # built from main, which is on its way to the next minor version
    return (*version[:1], version[1] + 1, 0) if ahead and int(ahead.group(1)) >= AHEAD else version


@functools.lru_cache(maxsize=1)
def catalogue() -> dict[str, dict[str, Any]]:
    """Hub id -> config.json as the project's catalogue has it, other checkpoints included."""
    found: dict[str, dict[str, Any]] = {}
    for entry in load_catalog()["models"].values():
        for chosen in (entry, *(entry.get("checkpoints") or {}).values()):
            if chosen is entry or "quantization_config" in chosen:
                found[str(chosen["id"])] = config_of(entry, {} if chosen is entry else chosen)
    return found


def same_name(name: str, known: Iterable[str]) -> str | None:
    """The entry of this name: with the owner, without, or but for words that change no shape."""
    keys = list(known)
    if name in keys:
        return name
    short = name.rsplit("/", maxsplit=1)[-1].lower()
    exact = [key for key in keys if key.rsplit("/", maxsplit=1)[-1].lower() == short]
    return next(iter(exact or [key for key in keys if plain(key) == plain(name)]), None)


def find_shape(case: dict[str, Any], models: dict[str, Any]) -> Shape | None:
    wanted = case.get("model") or ""
    guess = str(inferred(case).get("model") or "")
    for name in (guess, wanted):
        known = re.split(r" \(", name)[0]
        if not known:
            continue
        known, added = MADE_FROM.get(plain(known), (known, {}))
        own = same_name(known, catalogue())
        if own and own.rsplit("/", maxsplit=1)[-1].lower() == known.rsplit("/", maxsplit=1)[-1].lower():
            return quantised(read_shape(catalogue()[own], own), case)  # the whole file wins over a table of constants
        table = same_name(known, models)
        if table:
            raw = {**models[table], **added}
            if not raw.get("architectures") and not raw.get("model_type"):
                raw["model_type"] = "opt" if raw.get("mlp") else "llama"  # the table gives only constants for these
            return quantised(read_shape(raw, table), case)
        if own:
            return quantised(read_shape(catalogue()[own], own), case)
    return None


def quantised(shape: Shape, case: dict[str, Any]) -> Shape:
    """The case's own quantisation where the table's model has none (on-line FP8, GGUF, bitsandbytes)."""
    asked = str(case.get("quantization") or inferred(case).get("quant") or "").lower()
    if not asked or shape.quant.method:
        return shape
    if asked.startswith(("fp8", "compressed")):
        return dataclasses.replace(shape, quant=Quant("fp8", 8))
    if asked == "gguf":
        return dataclasses.replace(shape, quant=Quant("gguf", 4.95))
    if asked == "bitsandbytes":
        return dataclasses.replace(shape, quant=Quant("bitsandbytes", 4, 64))
    if asked.startswith(("awq", "gptq", "auto")):
        return dataclasses.replace(shape, quant=Quant("awq" if asked.startswith("awq") else "gptq", 4, 128))
    return shape


def gpu_name(case: dict[str, Any]) -> str:
    return str(case.get("gpu") or inferred(case).get("gpu") or "")


def capability(case: dict[str, Any]) -> float:
    """The compute capability of the card's generation; 8 for all without a kernel of their own for MXFP4."""
    if "Marlin" in str(case.get("notes") or ""):  # without Triton's kernels, as pip leaves 0.10 and 0.11
        return 8.0
    name = gpu_name(case).lower()
    found = {word: size for size, words in GENERATIONS.items() for word in words if re.search(word, name)}
    return next(iter(found.values()), 8.0)


def total_gib(case: dict[str, Any]) -> float | None:
    stated = figure(case.get("gpu_total_gib"), inferred(case).get("vram"))
    if stated:
        return stated
    name = gpu_name(case).lower()
    return next((size for word, size in REPORTED if word in name), None)


def run_of(case: dict[str, Any], shape: Shape) -> Run | None:
    """The engine's settings, with the defaults of its version where the log does not show them."""
    guess = inferred(case)
    total = total_gib(case)
    count = case.get("gpu_count") or 1
    if total is None or (count > 1 and not case.get("tp")):
        return None  # neither the card nor the layout can be guessed
    version = version_of(case) or (RECENT if shape.linear or shape.index_dim or shape.compressed else UNKNOWN_VERSION)
    stated = (logged_utilization(case), case.get("gpu_memory_utilization"), guess.get("util"))
    utilization = figure(*stated, 0.92 if version >= (0, 20) else 0.9)
    max_len = int(figure(case.get("max_model_len"), guess.get("max_model_len"), shape.max_len) or 0)
    big = total >= BIG and "a100" not in gpu_name(case).lower()
    llm = case.get("usage_context") == "llm_class"
    old = version < (0, 8) or case.get("engine") == "V0"
    seqs = figure(case.get("max_num_seqs"), guess.get("max_num_seqs"), 1024 if big and not old else 256)
    batched = figure(
        case.get("max_num_batched_tokens"),
        guess.get("max_num_batched_tokens"),
        default_batched(version, old, big, llm, max_len, shape),
    )
    tensor = case.get("tp") or 1
    pipeline = case.get("pp") or 1
    ranks = tensor * pipeline
    name = gpu_name(case).lower()
    return Run(
        version=version,
        tensor=tensor,
        pipeline=pipeline,
        total_gib=total,
        utilization=utilization or 0.9,
        max_len=max_len,
        max_seqs=int(seqs or 1),
        max_batched=int(batched or 1),
        kv_dtype=case.get("kv_cache_dtype") or "auto",
        eager=bool(case.get("enforce_eager")),
        consumer=bool(CONSUMER.search(name)) or apart(case),
        ranks_a_node=8 if ranks > 8 else None,
        lora_rank=16 if case.get("lora") else 0,
        v1=case.get("engine") != "V0",
        graphs_counted=case.get("graphs_counted", "graph profiling off" not in str(case.get("notes") or "")),
        drafted=drafted(case),
        context_ranks=context_ranks(case),
        pooling=bool(re.search("embed|rerank|e5-|bge-", str(case.get("model")))),
    )


def apart(case: dict[str, Any]) -> bool:
    """Whether each card of a group is on a node of its own, so that no NVLink joins them."""
    return "two nodes" in str(case.get("notes") or "") and case.get("gpu_count") == 2


def drafted(case: dict[str, Any]) -> int:
    """Tokens that the MTP layer proposes; one where the log names only the method."""
    asked = str(case.get("speculative") or "")
    number = re.search(r"\d+", asked)
    return (int(number.group()) if number else 1) if "mtp" in asked else 0


def context_ranks(case: dict[str, Any]) -> int:
    """Ranks that share one cache, where the case says so."""
    said = re.search(r"DCP (\d+)", str(case.get("notes") or ""))
    return int(said.group(1)) if said else 1


def default_batched(version: tuple[int, ...], old: bool, big: bool, llm: bool, max_len: int, shape: Shape) -> int:
    if old:
        chunked = max_len > 32768 and not (shape.mla and version < (0, 8))
        return 2048 if chunked else max(max_len, 2048)
    if big:
        return 16384 if llm else 8192
    return 8192 if llm else 2048


def logged_utilization(case: dict[str, Any]) -> float | None:
    """The share of the card that the logged parts add up to, where the source states another: the log is nearer."""
    measured, total = case["measured"], total_gib(case)
    parts = [measured.get(f"{name}_gib{per}") for name, per in PARTS]
    stated = figure(case.get("gpu_memory_utilization"))
    version = version_of(case)
    if total is None or stated is None or None in parts or version is None or version >= GRAPHS_INSIDE:
        return None
    share = round(sum(parts) / total, 2)
    return share if abs(share - stated) > 0.02 else None


def modified(case: dict[str, Any]) -> bool:
    """Whether another engine than vLLM's own builds wrote the log, as its source says.

    Those starts are predicted and shown too, on a line of their own.
    """
    return bool(MODIFIED.search(f"{case.get('notes') or ''} {case.get('source') or ''}".lower()))


def out_of_scope(case: dict[str, Any], shape: Shape | None) -> str:
    """Why no figure is promised; a rule on the model, the engine or the version, never on a case."""
    version = version_of(case)
    if shape is None:
        return "model unknown"
    if not shape.sized:
        return "recurrent state" if shape.hybrid else "model_type unknown"
    if version is not None and version < FLOOR:
        return "version before 0.6.4"
    if modified(case):
        return MODIFIED_BUILD
    if shape.quant.block and str(case.get("quantization") or "").startswith("compressed"):
        return "a checkpoint whose config.json is not had"  # the model's own is in fp8 by blocks, which this never is
    if case.get("cpu_offload_gb"):
        return "offload to main memory"
    if case.get("speculative") and not (shape.mtp_layers and "mtp" in str(case["speculative"])):
        return "speculation with another model"
    return ""
