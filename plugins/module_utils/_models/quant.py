# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a checkpoint stores its linear layers: the format of most, and of the parts that are stored otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

# Parts of a model that checkpoints store in formats of their own.
PARTS = ("attention", "linear", "dense", "experts", "shared", "head", "vision")
SPLIT = {"attention": 4, "linear": 3, "dense": 3, "experts": 3, "shared": 3, "head": 1, "vision": 1}  # matrices of each
_LAYER = re.compile(r"layers\.(\d+)(?=\.|\*|$)")
_MATRIX = re.compile(r"\.(?:\w+_proj\w*|qkv|out_proj|in_proj\w*|w[123]|gate_up_proj)$")
# Words of a module's name, the first that is found: "shared_experts" is no "experts", a router does not count.
WORDS: Tuple[Tuple[str, str], ...] = (
    ("visual", "vision"), ("vision", "vision"), ("mm_projector", "vision"), ("multi_modal", "vision"),
    ("lm_head", "head"), ("shared_expert_gate", ""), ("shared_expert", "shared"), ("router", ""),
    ("linear_attn", "linear"), ("mixer", "linear"), ("experts", "experts"),
    ("self_attn", "attention"), ("attention", "attention"), ("attn", "attention"),
    ("mlp", "mlp"), ("feed_forward", "mlp"), ("ffn", "mlp"), ("block_sparse_moe", "mlp"),
)  # fmt: skip


@dataclass(frozen=True)
class Quant:
    """How the checkpoint's linear layers are stored. `bits` 16 = not quantised.

    `others`: (part, share of its layers, how they are stored), for what is stored otherwise than most.
    """

    method: str = ""
    bits: float = 16
    group: int = 0
    block: int = 0
    others: Tuple[Tuple[str, float, Quant], ...] = ()

    def forms(self) -> Tuple[str, ...]:
        """Every format that a card must be able to run."""
        found = [self.method, *(how.method for _part, _share, how in self.others)]
        return tuple(dict.fromkeys(method for method in found if method))


PLAIN = Quant()
MOST_BITS = 32
Counts = Mapping[str, int]


def read_quant(config: Mapping[str, Any], counts: Optional[Counts] = None) -> Quant:
    """The quantisation that config.json names. `counts`: layers that have each part."""
    raw = config.get("quantization_config") or config.get("compression_config")
    if not isinstance(raw, Mapping) or not raw:
        return PLAIN
    base = _base(raw)
    others: Dict[str, List[Tuple[float, Quant]]] = {}
    if not base.method:
        return base
    counts = counts or {}
    votes = list(_mixed(raw))
    if votes:
        base, others = _from_votes(votes, counts)
    kept = _kept(raw, counts)
    if base.method in ("nvfp4", "mxfp4") and not kept and not votes:
        # as in 14 of 15 NVFP4 checkpoints whose lists are public; MXFP4 is for experts alone
        kept = {"attention": 1.0, "linear": 1.0, "shared": 1.0}
        kept.update({"dense": 1.0} if base.method == "mxfp4" and counts.get("experts") else {})
    for part, share in kept.items():
        if part not in others:
            others[part] = [(share, PLAIN)]
    expert = str(config.get("expert_dtype") or "").lower()  # DeepSeek-V4's experts, where the file says fp8
    if expert in ("fp4", "mxfp4"):
        others["experts"] = [(1.0, Quant("mxfp4", 4, 32))]
    elif expert in ("bf16", "bfloat16"):
        others["experts"] = [(1.0, PLAIN)]
    flat = tuple((part, share, how) for part in PARTS for share, how in others.get(part, []) if share > 0)
    return Quant(base.method, base.bits, base.group, base.block, flat)


def _base(raw: Mapping[str, Any]) -> Quant:
    method = str(raw.get("quant_method") or "").lower()
    inner = _inner(raw)
    if not method and (raw.get("quant_algo") or inner):
        method = "modelopt"  # hf_quant_config.json names no method
    block = raw.get("weight_block_size") or [0]
    if method == "fp8":
        return Quant("fp8", 8, 0, int(block[0]))
    if method in ("awq", "gptq", "awq_marlin", "gptq_marlin", "auto-round", "auto_round", "inc"):
        name = method.split("_", maxsplit=1)[0] if method.startswith(("awq", "gptq")) else "gptq"
        return Quant(name, _bits(raw, "bits", "w_bit", usual=4), _group(raw, "group_size", "q_group_size", usual=128))
    if method in ("bitsandbytes", "bnb"):
        eight = raw.get("load_in_8bit") or raw.get("_load_in_8bit") or raw.get("load_in_4bit") is False
        return Quant("bitsandbytes", 8 if eight and not raw.get("load_in_4bit") else 4, 64)
    if method == "mxfp4":
        return Quant("mxfp4", 4, 32)
    if method in ("modelopt_fp4", "petit_nvfp4", "nvfp4"):
        return Quant("nvfp4", 4, 16)
    if method == "modelopt":
        return _algo(str(raw.get("quant_algo") or inner.get("quant_algo") or ""))
    if method in ("compressed-tensors", "compressed_tensors"):
        return _compressed(raw)
    if method == "gguf":
        return Quant("gguf", _bits(raw, "bits", usual=4.85))
    if method in ("fbgemm_fp8", "fp_quant"):
        return Quant(method, 8)
    return Quant(method or "unknown", _bits(raw, "bits", usual=16))


def _bits(raw: Mapping[str, Any], *keys: str, usual: float) -> float:
    """Bits of a weight; ValueError where no format has so many."""
    found = float(next((raw[key] for key in keys if raw.get(key)), usual))
    if not 0.5 <= found <= MOST_BITS:
        raise ValueError(f"bits: {found:g}")
    return found


def _group(raw: Mapping[str, Any], *keys: str, usual: int) -> int:
    """Weights that share a scale; 0 where each channel has one (-1 in the file)."""
    return max(0, int(next((raw[key] for key in keys if raw.get(key)), usual)))


def _inner(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """What hf_quant_config.json says under a key of its own."""
    inner = raw.get("quantization")
    return inner if isinstance(inner, Mapping) else {}


def _algo(name: str) -> Quant:
    """ModelOpt's name of a format."""
    upper = name.upper()
    if "MXFP4" in upper:
        return Quant("mxfp4", 4, 32)
    if "FP4" in upper:
        return Quant("nvfp4", 4, 16)
    if "INT4" in upper or "W4A16" in upper or "AWQ" in upper:
        return Quant("awq", 4, 128)
    if "INT8" in upper or "W8A8_SQ" in upper:
        return Quant("int8", 8)
    if upper in ("NONE", ""):
        return PLAIN
    return Quant("fp8", 8, 128 if "PB" in upper or "BLOCK" in upper else 0)


def _weights(weights: Mapping[str, Any], raw: Mapping[str, Any]) -> Quant:
    """One group of compressed-tensors or ModelOpt."""
    bits = _bits({**raw, **weights}, "num_bits", "bits", usual=8)
    group = _group({**raw, **{key: value for key, value in weights.items() if value}}, "group_size", usual=0)
    floats = "num_bits" in weights and str(weights.get("type") or "float") == "float"
    if floats or (bits == 8 and not weights):
        if bits == 4:
            return Quant("mxfp4", 4, 32) if group == 32 else Quant("nvfp4", 4, group or 16)
        block = weights.get("block_structure") or [0]
        return Quant("fp8", 8, 0, int(block[0]) if isinstance(block, list) else 0)
    return Quant(f"int{int(bits):d}", bits, group)


def _groups(raw: Mapping[str, Any]) -> List[Mapping[str, Any]]:
    groups = raw.get("config_groups") or {}
    return [group for group in groups.values() if isinstance(group, Mapping)] if isinstance(groups, Mapping) else []


def _compressed(raw: Mapping[str, Any]) -> Quant:
    groups = _groups(raw)
    return _weights((groups[0].get("weights") or {}) if groups else {}, raw)


def _mixed(raw: Mapping[str, Any]) -> Iterable[Tuple[str, Quant]]:
    """(module, how) where the file says it module by module, or has several groups; nothing where all are alike."""
    inner = _inner(raw)
    listed = raw.get("quantized_layers") or inner.get("quantized_layers")
    if isinstance(listed, Mapping):
        for name, how in listed.items():
            yield str(name), _algo(str(how.get("quant_algo") or "")) if isinstance(how, Mapping) else PLAIN
        return
    groups = _groups(raw)
    if len(groups) < 2:
        return
    for group in groups:
        for target in group.get("targets") or []:
            yield str(target), _weights(group.get("weights") or {}, {})


def _from_votes(votes: List[Tuple[str, Quant]], counts: Counts) -> Tuple[Quant, Dict[str, List[Tuple[float, Quant]]]]:
    """What most of the experts (else of the other matrices) are, and each part that differs."""
    shares: Dict[str, Dict[Quant, float]] = {}
    whole = PLAIN
    for name, how in votes:
        if name in ("Linear", "re:.*"):
            whole = how
            continue
        for part, share in _share(name, counts):
            held = shares.setdefault(part, {})
            held[how] = held.get(how, 0.0) + share
    order = [part for part in ("experts", "dense", "attention", "linear") if part in shares]
    ranked = [max(shares[part].items(), key=lambda vote: vote[1])[0] for part in order]
    base = whole if whole.method else (ranked[0] if ranked else votes[0][1])
    others: Dict[str, List[Tuple[float, Quant]]] = {}
    for part in PARTS:
        held = {how: min(1.0, share) for how, share in shares.get(part, {}).items()}
        rest = max(0.0, 1.0 - sum(held.values()))
        if part not in shares and part in ("head", "vision"):
            continue
        if rest > 0 and not whole.method:
            held[PLAIN] = held.get(PLAIN, 0.0) + rest
        usual = PLAIN if part in ("head", "vision") else base
        others[part] = [(share, how) for how, share in held.items() if how != usual]
    return base, others


def _kept(raw: Mapping[str, Any], counts: Counts) -> Dict[str, float]:
    """Share of each part that lists of exceptions leave in 16 bit."""
    inner = _inner(raw)
    names: List[str] = []
    for key in ("ignore", "modules_to_not_convert", "exclude_modules", "ignored_layers"):
        listed = raw.get(key) or inner.get(key) or []
        names += [str(name) for name in listed] if isinstance(listed, (list, tuple)) else []
    if "experts only" in str(raw.get("note") or ""):  # a table's way to say it
        return {"attention": 1.0, "dense": 1.0, "shared": 1.0, "linear": 1.0}
    found: Dict[str, float] = {}
    for name in names:
        for part, share in _share(name, counts):
            if part != "head":  # lm_head is in 16 bit anyway
                found[part] = min(1.0, found.get(part, 0.0) + share)
    return found


def _share(name: str, counts: Counts) -> List[Tuple[str, float]]:
    """Which parts a module's name or pattern means, and the share of each part's matrices."""
    plain = name.replace("re:", "").replace("\\", "").replace("$", "").replace(".*", "*").strip("^*.")
    part = next((found for word, found in WORDS if word in plain), "")
    if not part or "norm" in plain or re.search(r"(?:\.|^)gate$", plain):
        return []
    layer = _LAYER.search(plain)
    parts = [part]
    if part == "mlp" and counts.get("beside"):  # the dense part beside the experts
        parts = ["shared"]
    elif part == "mlp":
        dense = not counts.get("experts") or (layer and int(layer.group(1)) < counts.get("first", 0))
        parts = ["dense"] if dense else ["experts", "shared"]
        if not layer and counts.get("experts") and counts.get("dense"):
            parts = ["dense", "experts", "shared"]
    matrix = bool(_MATRIX.search(plain))
    expert = re.search(r"experts\.\d+", plain)
    found = []
    for each in parts:
        share = 1.0 / max(1, counts.get(each, 1)) if layer else 1.0
        if matrix:
            share /= SPLIT[each]
        if expert:
            share /= max(1, counts.get("routed", 1))
        found.append((each, share))
    return found
