# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model's shape, read from its config.json: the numbers that decide memory, checked for sense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text

# model_type -> how its layers are built. Only these are sized to the token.
DENSE = ("llama", "qwen2", "qwen3", "mistral", "phi3", "yi", "internlm2", "granite", "starcoder2", "opt", "gpt_bigcode")
MOE = ("mixtral", "qwen2_moe", "qwen3_moe")
MLA = ("deepseek_v2", "deepseek_v3", "deepseek_v32", "kimi_k2")
# Caches that are not one page for each layer and token: a figure in GiB at best, never a token count.
HYBRID = (
    "gemma2", "gemma3", "gemma3_text", "gemma4", "gemma4_text", "gpt_oss", "deepseek_v4", "kimi_linear", "nemotron_h",
    "qwen3_5", "qwen3_5_moe", "qwen3_next", "jamba", "bamba", "minimax", "minimax_m2", "falcon_h1", "granitemoehybrid",
    "lfm2", "zamba2", "mamba", "mamba2", "cohere2", "llama4", "mistral4",
)  # fmt: skip
# Which model_type an architecture belongs to, for tables and old files without model_type.
ARCHITECTURES = {
    "LlamaForCausalLM": "llama", "Qwen2ForCausalLM": "qwen2", "Qwen3ForCausalLM": "qwen3",
    "MistralForCausalLM": "mistral", "MixtralForCausalLM": "mixtral", "Phi3ForCausalLM": "phi3",
    "OPTForCausalLM": "opt", "Qwen2MoeForCausalLM": "qwen2_moe", "Qwen3MoeForCausalLM": "qwen3_moe",
    "DeepseekV2ForCausalLM": "deepseek_v2", "DeepseekV3ForCausalLM": "deepseek_v3",
    "DeepseekV32ForCausalLM": "deepseek_v32", "DeepseekV4ForCausalLM": "deepseek_v4",
    "GptOssForCausalLM": "gpt_oss", "Gemma2ForCausalLM": "gemma2", "Gemma3ForCausalLM": "gemma3",
    "Gemma3ForConditionalGeneration": "gemma3", "Gemma4ForConditionalGeneration": "gemma4",
    "Qwen2VLForConditionalGeneration": "qwen2", "Qwen2_5_VLForConditionalGeneration": "qwen2",
    "Qwen3_5ForConditionalGeneration": "qwen3_5", "Qwen3NextForCausalLM": "qwen3_next",
    "Mistral3ForConditionalGeneration": "mistral", "MiniMaxM2ForCausalLM": "minimax_m2",
    "KimiLinearForCausalLM": "kimi_linear", "NemotronHForCausalLM": "nemotron_h",
}  # fmt: skip
VISION_TYPES = {"qwen2_vl": "qwen2", "qwen2_5_vl": "qwen2", "mistral3": "mistral", "llava": "llama"}
DTYPES = {"bfloat16": 2, "float16": 2, "half": 2, "float32": 4, "float": 4}
# The largest values that a real model has come near, to catch a broken file early.
LIMITS = {
    "num_hidden_layers": 512, "hidden_size": 65536, "num_attention_heads": 1024, "vocab_size": 4000000,
    "intermediate_size": 1048576, "max_position_embeddings": 100000000,
}  # fmt: skip


@dataclass(frozen=True)
class Quant:
    """How the checkpoint's linear layers are stored. `bits` 16 = not quantised."""

    method: str = ""
    bits: float = 16
    group: int = 0
    block: int = 0
    experts_only: bool = False


@dataclass(frozen=True)
class Shape:
    """A model's dimensions. `id` is its name on the hub; sizes without a unit are counts of elements."""

    id: str
    model_type: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    inter: int
    vocab: int
    tied: bool
    max_len: int
    dtype: str
    quant: Quant
    q_lora: int = 0
    kv_lora: int = 0
    rope_dim: int = 0
    nope_dim: int = 0
    v_dim: int = 0
    index_dim: int = 0
    index_heads: int = 0
    experts: int = 0
    experts_used: int = 0
    experts_shared: int = 0
    moe_inter: int = 0
    shared_inter: int = 0
    dense_first: int = 0
    mtp_layers: int = 0
    mlp_matrices: int = 3
    qkv_bias: bool = False
    learned_positions: bool = False
    vision_params: float = 0.0
    vision: bool = False
    hybrid: bool = False
    known: bool = True

    @property
    def mla(self) -> bool:
        """Whether it keeps one latent for all heads (multi-head latent attention) instead of keys and values."""
        return self.kv_lora > 0

    @property
    def moe(self) -> bool:
        """Whether it is a mixture of experts."""
        return self.experts > 0

    @property
    def sized(self) -> bool:
        """Whether a token count may be promised."""
        return self.known and not self.hybrid


def _bad(model: str, problem: Text) -> Refusal:
    return Refusal("LLM531", model=model, problem=problem)


def _number(config: Mapping[str, Any], key: str, model: str, default: Optional[int] = None) -> int:
    value = config.get(key)
    if value is None:
        if default is None:
            raise _bad(model, say("config_missing", key=key))
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or int(value) != value or value < 0:
        raise _bad(model, say("config_no_number", key=key, value=value))
    if default is None and value == 0:
        raise _bad(model, say("config_zero", key=key))
    if value > LIMITS.get(key, 1000000000):
        raise _bad(model, say("config_absurd", key=key, value=value))
    return int(value)


def model_type_of(config: Mapping[str, Any]) -> str:
    """The model type in config.json, or the one that its architecture belongs to; empty where it names neither."""
    kind = str(config.get("model_type") or "")
    if kind in VISION_TYPES:
        return VISION_TYPES[kind]
    if kind:
        return kind
    names = config.get("architectures") or []
    if names:
        return ARCHITECTURES.get(str(names[0]), str(names[0]))
    return ""


def _flatten(config: Mapping[str, Any]) -> Tuple[Dict[str, Any], bool]:
    """A vision model keeps its language part under text_config; also whether it is one."""
    inner = config.get("text_config")
    vision = "vision_config" in config or "vision_params" in config
    if isinstance(inner, Mapping):
        merged = {key: value for key, value in config.items() if key not in ("text_config", "vision_config")}
        merged.update({key: value for key, value in inner.items() if key != "architectures"})
        return merged, vision
    return dict(config), vision


def _hybrid(config: Mapping[str, Any], kind: str) -> bool:
    if kind in HYBRID:
        return True
    kinds = config.get("layer_types")
    names: List[str] = list(kinds) if isinstance(kinds, (list, dict)) else []
    return len(set(names)) > 1


def read_quant(config: Mapping[str, Any]) -> Quant:
    """The quantisation that config.json names."""
    raw = config.get("quantization_config") or config.get("compression_config")
    if not isinstance(raw, Mapping):
        return Quant()
    method = str(raw.get("quant_method") or "").lower()
    block = raw.get("weight_block_size") or [0]
    if method == "fp8":
        return Quant("fp8", 8, 0, int(block[0]))
    if method in ("awq", "gptq", "awq_marlin", "gptq_marlin"):
        return Quant(method.split("_", maxsplit=1)[0], float(raw.get("bits") or raw.get("w_bit") or 4),
                     int(raw.get("group_size") or raw.get("q_group_size") or 128))  # fmt: skip
    if method in ("bitsandbytes", "bnb"):
        return Quant("bitsandbytes", 4 if raw.get("load_in_4bit", True) else 8, 64)
    if method == "mxfp4":
        return Quant("mxfp4", 4, 32, 0, True)
    if method == "modelopt":
        algo = str(raw.get("quant_algo") or raw.get("quantization", {}).get("quant_algo") or "").upper()
        return Quant("nvfp4", 4, 16) if "FP4" in algo else Quant("fp8", 8)
    if method in ("compressed-tensors", "compressed_tensors"):
        return _compressed(raw)
    if method == "gguf":
        return Quant("gguf", float(raw.get("bits") or 4.85))
    if method == "fbgemm_fp8":
        return Quant(method, 8)
    return Quant(method or "unknown", float(raw.get("bits") or 16))


def _compressed(raw: Mapping[str, Any]) -> Quant:
    groups = raw.get("config_groups") or {}
    first: Any = next(iter(groups.values()), {}) if isinstance(groups, Mapping) else {}
    weights = first.get("weights") or {} if isinstance(first, Mapping) else {}
    bits = float(raw.get("bits") or weights.get("num_bits") or 8)
    group = int(raw.get("group_size") or weights.get("group_size") or 0)
    experts_only = "experts" in str(raw.get("note") or "")
    if bits == 8 and str(weights.get("type") or "float") == "float":
        block = weights.get("block_structure") or [0]
        return Quant("fp8", 8, 0, int(block[0]) if isinstance(block, list) else 0)
    return Quant(f"int{int(bits):d}", bits, group, 0, experts_only)


def read_shape(raw: Mapping[str, Any], model: str) -> Shape:
    """The shape, or a refusal that names the field. An unknown model_type is read but marked."""
    if not isinstance(raw, Mapping) or not raw:
        raise _bad(model, say("config_empty"))
    kind = model_type_of(raw)
    config, vision = _flatten(raw)
    if not kind:
        raise _bad(model, say("config_no_type"))
    hidden = _number(config, "hidden_size", model)
    heads = _number(config, "num_attention_heads", model)
    kv_heads = _number(config, "num_key_value_heads", model, heads) or heads
    kv_lora = _number(config, "kv_lora_rank", model, 0)
    head_dim = _number(config, "head_dim", model, 0) or hidden // heads
    if head_dim == 0 or (kv_lora == 0 and heads % kv_heads):
        raise _bad(model, say("config_heads", heads=heads, kv_heads=kv_heads))
    experts = 0
    for key in ("n_routed_experts", "num_experts", "num_local_experts"):
        experts = experts or _number(config, key, model, 0)
    inter = _number(config, "intermediate_size", model, 0) or _number(config, "ffn_dim", model, 4 * hidden)
    moe_inter = _number(config, "moe_intermediate_size", model, 0) or (inter if experts else 0)
    used = _number(config, "num_experts_per_tok", model, 1 if experts else 0)
    if used > experts:
        raise _bad(model, say("config_experts"))
    dtype = str(config.get("torch_dtype") or config.get("dtype") or "bfloat16").replace("torch.", "")
    bias = config.get("attention_bias")
    shape = Shape(
        id=model, model_type=kind, layers=_number(config, "num_hidden_layers", model), hidden=hidden, heads=heads,
        kv_heads=kv_heads, head_dim=head_dim, inter=inter, vocab=_number(config, "vocab_size", model),
        tied=bool(config.get("tie_word_embeddings", False)),
        max_len=_number(config, "max_position_embeddings", model, 32768), dtype=dtype, quant=read_quant(config),
        q_lora=_number(config, "q_lora_rank", model, 0) if kv_lora else 0, kv_lora=kv_lora,
        rope_dim=_number(config, "qk_rope_head_dim", model, 64) if kv_lora else 0,
        nope_dim=_number(config, "qk_nope_head_dim", model, 128) if kv_lora else 0,
        v_dim=_number(config, "v_head_dim", model, 128) if kv_lora else 0,
        index_dim=_number(config, "index_head_dim", model, 0), index_heads=_number(config, "index_n_heads", model, 0),
        experts=experts, experts_used=used, experts_shared=_number(config, "n_shared_experts", model, 0),
        moe_inter=moe_inter, shared_inter=_number(config, "shared_expert_intermediate_size", model, 0),
        dense_first=_number(config, "first_k_dense_replace", model, 0) if experts else 0,
        mtp_layers=_number(config, "num_nextn_predict_layers", model, 0),
        mlp_matrices=2 if config.get("mlp") == "2-matrix" or kind in ("opt", "starcoder2", "gpt_bigcode") else 3,
        qkv_bias=bias in (True, "qkv") or kind in ("qwen2", "qwen2_moe"), learned_positions=kind == "opt",
        vision_params=float(config.get("vision_params") or 0.0), vision=vision,
        hybrid=_hybrid(config, kind), known=kind in DENSE + MOE + MLA + HYBRID,
    )  # fmt: skip
    if shape.dense_first > shape.layers:
        raise _bad(model, say("config_dense_layers"))
    return shape
