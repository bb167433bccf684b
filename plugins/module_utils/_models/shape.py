# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model's shape, read from its config.json: the numbers that decide memory, checked for sense."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.quant import Quant, read_quant

# Types whose layers are built as these rooms say. An unknown one is planned as the nearest of them, with a warning.
DENSE = ("llama", "qwen2", "qwen3", "mistral", "ministral", "phi3", "yi", "internlm2", "granite", "starcoder2", "opt",
         "gpt_bigcode", "seed_oss", "glm4", "olmo2", "exaone4", "hunyuan_v1_dense", "mimo", "ernie4_5", "bert",
         "xlm-roberta", "qwen3_vl", "gemma2", "gemma3", "gemma3_text", "cohere", "cohere2")  # fmt: skip
MOE = ("mixtral", "qwen2_moe", "qwen3_moe", "glm4_moe", "minimax_m2", "qwen3_vl_moe", "llama4", "llama4_text",
       "ernie4_5_moe", "gpt_oss", "mimo_v2_flash", "gemma4", "gemma4_text")  # fmt: skip
MLA = ("deepseek_v2", "deepseek_v3", "deepseek_v32", "kimi_k2", "glm_moe_dsa", "mistral4", "deepseek_v4")
LINEAR = ("qwen3_next", "qwen3_5", "qwen3_5_moe", "qwen3_5_text", "qwen3_5_moe_text")
# Recurrent states of kinds that are not sized: no token count is promised.
HYBRID = (
    "kimi_linear", "nemotron_h", "jamba", "bamba", "minimax", "minimax_text_01", "falcon_h1", "granitemoehybrid",
    "lfm2", "zamba2", "mamba", "mamba2", "minimax_m3", "minimax_m3_vl",
)  # fmt: skip
KNOWN = DENSE + MOE + MLA + LINEAR + HYBRID
# Words of settings that tell of states which a plain cache does not have.
STATES = ("mamba", "ssm_", "state_size", "linear_", "conv_kernel", "recurrent", "compress", "lru_", "rwkv")
# Which model_type an architecture belongs to, for tables and old files without model_type.
ARCHITECTURES = {
    "LlamaForCausalLM": "llama", "Qwen2ForCausalLM": "qwen2", "Qwen3ForCausalLM": "qwen3",
    "MistralForCausalLM": "mistral", "MixtralForCausalLM": "mixtral", "Phi3ForCausalLM": "phi3",
    "OPTForCausalLM": "opt", "Qwen2MoeForCausalLM": "qwen2_moe", "Qwen3MoeForCausalLM": "qwen3_moe",
    "DeepseekV2ForCausalLM": "deepseek_v2", "DeepseekV3ForCausalLM": "deepseek_v3",
    "DeepseekV32ForCausalLM": "deepseek_v32", "DeepseekV4ForCausalLM": "deepseek_v4",
    "GlmMoeDsaForCausalLM": "glm_moe_dsa", "Glm4MoeForCausalLM": "glm4_moe",
    "GptOssForCausalLM": "gpt_oss", "Gemma2ForCausalLM": "gemma2", "Gemma3ForCausalLM": "gemma3",
    "Gemma3ForConditionalGeneration": "gemma3", "Gemma4ForConditionalGeneration": "gemma4",
    "Qwen2VLForConditionalGeneration": "qwen2", "Qwen2_5_VLForConditionalGeneration": "qwen2",
    "Qwen3_5ForConditionalGeneration": "qwen3_5", "Qwen3_5MoeForConditionalGeneration": "qwen3_5_moe",
    "Qwen3NextForCausalLM": "qwen3_next", "Llama4ForConditionalGeneration": "llama4",
    "Mistral3ForConditionalGeneration": "mistral", "MiniMaxM2ForCausalLM": "minimax_m2",
    "KimiLinearForCausalLM": "kimi_linear", "NemotronHForCausalLM": "nemotron_h",
    "LlavaNextForConditionalGeneration": "llama",
}  # fmt: skip
# Types that wrap a language model, and what that is where the file names no type of its own for it.
VISION_TYPES = {
    "qwen2_vl": "qwen2", "qwen2_5_vl": "qwen2", "mistral3": "mistral", "llava": "llama", "llava_next": "llama",
    "kimi_k25": "kimi_k2", "deepseek_ref": "deepseek_v4",
}  # fmt: skip
TIED = ("gemma", "cohere")  # types that have one matrix for both ends unless the file says otherwise
TWO_MATRICES = ("opt", "starcoder2", "gpt_bigcode", "bert", "xlm-roberta")
DTYPES = {"bfloat16": 2, "float16": 2, "half": 2, "float32": 4, "float": 4}
# The largest values that a real model has come near, to catch a broken file early.
LIMITS = {
    "num_hidden_layers": 512, "hidden_size": 65536, "num_attention_heads": 1024, "vocab_size": 4000000,
    "intermediate_size": 1048576, "max_position_embeddings": 100000000,
}  # fmt: skip


@dataclass(frozen=True)
class Linear:
    """Linear attention (gated delta rule): its heads, and bytes of one number of its state."""

    key_heads: int
    value_heads: int
    key_dim: int
    value_dim: int
    kernel: int
    state_bytes: int


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
    encoder_width: int = 0  # of Qwen's image encoder, where config.json says it; else 0
    encoder_inter: int = 0
    encoder_taps: int = 0  # layers of it whose rows go into the language model as well
    hybrid: bool = False
    known: bool = True
    odd: bool = False  # an unknown type that names states of its own
    # How each layer attends: f(ull), s(liding window), l(inear); of compressed caches the letter says the ratio
    # (c = 4, h = 128). Empty: all full.
    pattern: str = ""
    window: int = 0
    value_dim: int = 0  # of a head without MLA, where it differs from head_dim
    full_kv_heads: int = 0  # of the full layers, where theirs differ
    full_head_dim: int = 0
    gate: bool = False  # attention's output has a gate, as large as the queries
    linear: Optional[Linear] = None
    moe_step: int = 1  # every how manieth layer has experts
    index_layers: int = 0  # layers with an indexer of their own; 0 = all
    o_groups: int = 0  # the output projection in low rank, by groups of heads
    o_lora: int = 0
    rotary: int = 0  # numbers of a head that are rotated; 0 = all
    tiles: Tuple[int, int] = (1, 1)  # whole ones of rows and columns that an expert's matrices take

    def __hash__(self) -> int:
        """Of what tells shapes apart: a search looks thousands of them up."""
        return hash((self.id, self.layers, self.quant.method))

    @property
    def mla(self) -> bool:
        """Whether it keeps one latent for all heads (multi-head latent attention) instead of keys and values."""
        return self.kv_lora > 0

    @property
    def mixed(self) -> bool:
        """Whether layers differ in what they keep of a token."""
        return len(set(self.pattern)) > 1

    @property
    def compressed(self) -> bool:
        """Whether the cache keeps one entry for several tokens (DeepSeek-V4)."""
        return self.model_type == "deepseek_v4"

    def attends(self, index: int) -> str:
        """How a layer attends; one past the last (MTP) attends as a full one does."""
        return self.pattern[index] if index < len(self.pattern) else "f"

    def has_experts(self, index: int) -> bool:
        """Whether a layer's feed-forward part is a mixture of experts."""
        return self.moe and index >= self.dense_first and (index + 1) % self.moe_step == 0

    @property
    def moe(self) -> bool:
        """Whether it is a mixture of experts."""
        return self.experts > 0

    @property
    def sized(self) -> bool:
        """Whether a token count may be promised. An unknown type of a plain shape is sized with a margin of its own."""
        return not self.odd and not self.hybrid


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
    inner = config.get("text_config")
    nested = str(inner.get("model_type") or "") if isinstance(inner, Mapping) else ""
    for kind in (nested, str(config.get("model_type") or "")):
        plain = VISION_TYPES.get(kind, kind)
        short = plain[: -len("_text")] if plain.endswith("_text") else plain
        if short in KNOWN:
            return short
    said = nested or str(config.get("model_type") or "")
    names = config.get("architectures") or []
    return said or (ARCHITECTURES.get(str(names[0]), str(names[0])) if names else "")


def _flatten(config: Mapping[str, Any]) -> Tuple[Dict[str, Any], bool]:
    """A vision model keeps its language part under text_config; also whether it is one."""
    inner = config.get("text_config")
    vision = bool(config.get("vision_config") is not None or config.get("vision_params"))
    if isinstance(inner, Mapping):
        merged = {key: value for key, value in config.items() if key not in ("text_config", "vision_config")}
        merged.update({key: value for key, value in inner.items() if key != "architectures" and value is not None})
        return merged, vision
    return dict(config), vision


def _pattern(config: Mapping[str, Any], kind: str, layers: int) -> str:
    """A letter for how each layer attends; empty where all attend fully."""
    if kind == "deepseek_v4":
        ratios = config.get("compress_ratios") or {4: (layers + 1) // 2, 128: layers // 2}
        if isinstance(ratios, Mapping):  # how many of each, in turn
            turns = [((place + 0.5) / count, ratio) for ratio, count in ratios.items() for place in range(int(count))]
            ratios = [ratio for _turn, ratio in sorted(turns, key=lambda turn: turn[0])]
        return "".join({0: "s", 4: "c"}.get(int(ratio), "h") for ratio in ratios[:layers])
    listed: Any = config.get("layer_types")
    letters = {"full_attention": "f", "sliding_attention": "s", "linear_attention": "l", "attention": "f"}
    if isinstance(listed, Mapping):  # a table's short form: how many of each, spread evenly
        return _spread({letters.get(str(name), "f"): int(count) for name, count in listed.items()}, layers)
    if isinstance(listed, (list, tuple)) and len(listed) >= layers:
        return _plain("".join(letters.get(str(name), "f") for name in listed[:layers]))
    flags = config.get("hybrid_layer_pattern")
    if isinstance(flags, (list, tuple)) and len(flags) >= layers:
        return _plain("".join("s" if flag else "f" for flag in flags[:layers]))
    every = int(config.get("full_attention_interval") or (4 if kind in LINEAR else 0))
    if kind in LINEAR:
        return "".join("f" if (index + 1) % every == 0 else "l" for index in range(layers))
    said = config.get("sliding_window_pattern") or {"gemma2": 2, "gemma3": 6, "cohere2": 4}.get(kind, 0)
    if isinstance(said, str) and set(said) <= {"L", "G"} and config.get("sliding_window"):  # EXAONE: local, global
        return _plain("".join("s" if said[index % len(said)] == "L" else "f" for index in range(layers)))
    step = int(said)
    if step > 1 and config.get("sliding_window"):
        return "".join("f" if (index + 1) % step == 0 else "s" for index in range(layers))
    return ""


def _plain(pattern: str) -> str:
    return "" if set(pattern) <= {"f"} else pattern


def _spread(counts: Mapping[str, int], layers: int) -> str:
    """Layers of two kinds in turn, the rarer one as the last of each round."""
    rare = min(counts, key=lambda letter: counts[letter]) if counts else "f"
    usual = next((letter for letter in counts if letter != rare), rare)
    each = max(1, counts.get(rare, 0))
    return _plain("".join(
        rare if (index + 1) * each // layers > index * each // layers else usual for index in range(layers)
    ))  # fmt: skip


def _vision_params(config: Mapping[str, Any], model: str) -> float:
    """Parameters of the image encoder, from its own sizes."""
    raw = config.get("vision_config")
    if not isinstance(raw, Mapping) or not raw:
        return 0.0
    width = _number(raw, "embed_dim", model, 0) or _number(raw, "hidden_size", model, 0)
    depth = _number(raw, "depth", model, 0) or _number(raw, "num_hidden_layers", model, 0)
    inner = _number(raw, "intermediate_size", model, 0) or int(float(raw.get("mlp_ratio") or 4) * width)
    merged = width * int(raw.get("spatial_merge_size") or 1) ** 2
    out = _number(raw, "out_hidden_size", model, 0)
    gated = 3 if raw.get("hidden_act") == "silu" else 2
    return float(depth * (4 * width**2 + gated * width * inner) + merged * (merged + out))


def _encoder(config: Mapping[str, Any], kind: str, model: str) -> Dict[str, Any]:
    """Sizes of the image encoder of Qwen's models of the third generation on, whose images have known limits."""
    raw = config.get("vision_config")
    if not isinstance(raw, Mapping) or not kind.startswith("qwen3"):
        return {}
    return {
        "encoder_width": _number(raw, "hidden_size", model, 0),
        "encoder_inter": _number(raw, "intermediate_size", model, 0),
        "encoder_taps": len(raw.get("deepstack_visual_indexes", (8, 16, 24) if "_vl" in kind else ()) or ()),
    }  # fmt: skip


def _linear(config: Mapping[str, Any], model: str) -> Optional[Linear]:
    heads = _number(config, "linear_num_value_heads", model, 0)
    if not heads:
        return None
    return Linear(
        _number(config, "linear_num_key_heads", model), heads, _number(config, "linear_key_head_dim", model),
        _number(config, "linear_value_head_dim", model), _number(config, "linear_conv_kernel_dim", model, 4),
        DTYPES.get(str(config.get("mamba_ssm_dtype") or "bfloat16"), 2),
    )  # fmt: skip


def read_shape(raw: Mapping[str, Any], model: str) -> Shape:
    """The shape, or a refusal that names the field. An unknown model_type is read but marked."""
    if not isinstance(raw, Mapping) or not raw:
        raise _bad(model, say("config_empty"))
    kind = model_type_of(raw)
    config, vision = _flatten(raw)
    if not kind:
        raise _bad(model, say("config_no_type"))
    if config.get("is_encoder_decoder"):
        raise _bad(model, say("config_encoder"))
    hidden = _number(config, "hidden_size", model)
    heads = _number(config, "num_attention_heads", model)
    kv_heads = _number(config, "num_key_value_heads", model, heads) or heads
    compressed = kind == "deepseek_v4"
    kv_lora = 0 if compressed else _number(config, "kv_lora_rank", model, None if kind in MLA else 0)
    head_dim = _number(config, "head_dim", model, 0) or hidden // heads
    if head_dim == 0 or (kv_lora == 0 and heads % kv_heads):
        raise _bad(model, say("config_heads", heads=heads, kv_heads=kv_heads))
    experts = 0
    for key in ("n_routed_experts", "num_experts", "num_local_experts"):
        experts = experts or _number(config, key, model, 0)
    inter = _number(config, "intermediate_size", model, 0) or _number(config, "ffn_dim", model, 4 * hidden)
    moe_inter = _number(config, "moe_intermediate_size", model, 0) or (inter if experts else 0)
    used = 0
    for key in ("num_experts_per_tok", "num_experts_per_token", "top_k_experts", "experts_per_token"):
        used = used or _number(config, key, model, 0)
    used = used or (1 if experts else 0)
    if used > experts:
        raise _bad(model, say("config_experts"))
    dtype = str(config.get("torch_dtype") or config.get("dtype") or "bfloat16").replace("torch.", "")
    bias = config.get("attention_bias")
    layers = _number(config, "num_hidden_layers", model)
    pattern = _pattern(config, kind, layers)
    shared = _number(config, "n_shared_experts", model, 0)
    shared_inter = _number(config, "shared_expert_intermediate_size", model, 0)
    dense_inter = inter
    if kind == "llama4":  # experts are of `intermediate_size`, with one shared; other layers are wider
        dense_inter, shared = _number(config, "intermediate_size_mlp", model, inter), 1
    if kind == "gemma4" and experts:  # every layer has both
        shared_inter = inter
    dense_first = _number(config, "first_k_dense_replace", model, 0) if experts else 0
    partial = float(config.get("partial_rotary_factor") or _rope(config).get("partial_rotary_factor") or 1)
    shape = Shape(
        id=model, model_type=kind, layers=layers, hidden=hidden, heads=heads,
        kv_heads=_number(config, "swa_num_key_value_heads", model, kv_heads) if "s" in pattern else kv_heads,
        head_dim=head_dim, inter=dense_inter, vocab=_number(config, "vocab_size", model),
        tied=bool(config.get("tie_word_embeddings", kind.startswith(TIED))),
        max_len=_number(config, "max_position_embeddings", model, 32768), dtype=dtype, quant=Quant(),
        q_lora=_number(config, "q_lora_rank", model, 0) if kv_lora or compressed else 0, kv_lora=kv_lora,
        rope_dim=_number(config, "qk_rope_head_dim", model, 64) if kv_lora or compressed else 0,
        nope_dim=_number(config, "qk_nope_head_dim", model, 128) if kv_lora else 0,
        v_dim=_number(config, "v_head_dim", model, 128) if kv_lora else 0,
        index_dim=_number(config, "index_head_dim", model, 0), index_heads=_number(config, "index_n_heads", model, 0),
        experts=experts, experts_used=used, experts_shared=shared,
        moe_inter=moe_inter, shared_inter=shared_inter, dense_first=dense_first,
        mtp_layers=_number(config, "num_nextn_predict_layers", model, 0)
        or _number(config, "mtp_num_hidden_layers", model, 0),
        mlp_matrices=2 if config.get("mlp") == "2-matrix" or kind in TWO_MATRICES else 3,
        qkv_bias=bias in (True, "qkv") or kind in ("qwen2", "qwen2_moe", "gpt_oss"), learned_positions=kind == "opt",
        vision_params=float(config.get("vision_params") or _vision_params(raw, model)), vision=vision,
        **_encoder(raw, kind, model),
        odd=kind not in KNOWN and any(word in key for key in config for word in STATES),
        hybrid=_hybrid(pattern, kind, config), known=kind in KNOWN,
        pattern=pattern, window=_number(config, "sliding_window", model, 0) if "s" in pattern or compressed else 0,
        value_dim=0 if kv_lora else _number(config, "v_head_dim", model, 0),
        full_kv_heads=_number(config, "num_global_key_value_heads", model, 0)
        or (kv_heads if config.get("swa_num_key_value_heads") else 0),
        full_head_dim=_number(config, "global_head_dim", model, 0),
        gate=bool(config.get("attn_output_gate", kind in LINEAR)), linear=_linear(config, model),
        moe_step=max(1, _number(config, "interleave_moe_layer_step", model, 0)
                     or _number(config, "decoder_sparse_step", model, 1)),
        index_layers=_full_indexers(config.get("indexer_types")),
        o_groups=_number(config, "o_groups", model, 0), o_lora=_number(config, "o_lora_rank", model, 0),
        rotary=int(head_dim * partial) if partial < 1 else 0,
    )  # fmt: skip
    if shape.dense_first > shape.layers:
        raise _bad(model, say("config_dense_layers"))
    return dataclasses.replace(shape, quant=read_quant({**raw, **config}, _counts(shape)))


def _full_indexers(listed: Any) -> int:
    """Layers with an indexer of their own; the others share one."""
    return int(listed.get("full", 0)) if isinstance(listed, Mapping) else list(listed or []).count("full")


def _rope(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rotary angles' settings, of one kind or by kinds of layers."""
    raw = config.get("rope_parameters")
    return raw if isinstance(raw, Mapping) else {}


def _hybrid(pattern: str, kind: str, config: Mapping[str, Any]) -> bool:
    """Whether it keeps states that are not sized."""
    linear = "l" in pattern and not config.get("linear_num_value_heads")
    return kind in HYBRID or linear


def _counts(shape: Shape) -> Dict[str, int]:
    """Layers that have each part."""
    moe = sum(shape.has_experts(index) for index in range(shape.layers))
    linear = shape.pattern.count("l")
    return {
        "attention": shape.layers - linear, "linear": linear, "dense": shape.layers - moe, "experts": moe,
        "shared": moe, "routed": shape.experts, "first": shape.dense_first, "beside": int(shape.model_type == "gemma4"),
    }  # fmt: skip
