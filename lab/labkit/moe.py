# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny checkpoint in the shape of DeepSeek-V3: latent attention (MLA), a mixture of experts, the lab model's head.

It recites like the lab model: embeddings and head are the same, and its layers, fully computed, contribute little.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from . import model
from .model import HIDDEN, VOCAB

ID = "yitiji-lab/tiny-deepseek-v3"
LAYERS, DENSE, HEADS = 2, 1, 2
QUERY, LATENT, ROPE, PLAIN, VALUE = (
    32,
    512,
    64,
    32,
    32,
)  # LATENT and ROPE as in the real models: the kernels require these values
EXPERTS, INNER, INNER_DENSE = 8, 32, 256
CONFIG = {
    "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", "hidden_size": HIDDEN,
    "intermediate_size": INNER_DENSE, "moe_intermediate_size": INNER, "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS, "num_key_value_heads": HEADS, "q_lora_rank": QUERY, "kv_lora_rank": LATENT,
    "qk_rope_head_dim": ROPE, "qk_nope_head_dim": PLAIN, "v_head_dim": VALUE, "n_routed_experts": EXPERTS,
    "n_shared_experts": 1, "num_experts_per_tok": 4, "n_group": 4, "topk_group": 2, "first_k_dense_replace": DENSE,
    "moe_layer_freq": 1, "norm_topk_prob": True, "routed_scaling_factor": 2.5, "scoring_func": "sigmoid",
    "topk_method": "noaux_tc", "num_nextn_predict_layers": 0, "vocab_size": VOCAB, "max_position_embeddings": 163840,
    "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "hidden_act": "silu", "attention_bias": False,
    "attention_dropout": 0.0, "initializer_range": 0.02, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
    "bos_token_id": 0, "eos_token_id": 1, "use_cache": True,
}  # fmt: skip


def _tensors() -> dict[str, tuple[list[int], bytes]]:
    rng = random.Random(20261122)
    outside = {name: row for name, row in model._tensors().items() if ".layers." not in name}
    tensors: dict[str, tuple[list[int], bytes]] = {}

    def noise(name: str, rows: int, columns: int, size: float = 0.1) -> None:
        tensors[name] = ([rows, columns], model._bf16([rng.uniform(-size, size) for _ in range(rows * columns)]))

    def ones(name: str, width: int, value: float = 1.0) -> None:
        tensors[name] = ([width], model._bf16([value] * width))

    def mlp(name: str, inner: int) -> None:
        noise(f"{name}.gate_proj.weight", inner, HIDDEN)
        noise(f"{name}.up_proj.weight", inner, HIDDEN)
        noise(f"{name}.down_proj.weight", HIDDEN, inner, 0.01)

    for number in range(LAYERS):
        at = f"model.layers.{number}."
        noise(f"{at}self_attn.q_a_proj.weight", QUERY, HIDDEN)
        ones(f"{at}self_attn.q_a_layernorm.weight", QUERY)
        noise(f"{at}self_attn.q_b_proj.weight", HEADS * (PLAIN + ROPE), QUERY)
        noise(f"{at}self_attn.kv_a_proj_with_mqa.weight", LATENT + ROPE, HIDDEN)
        ones(f"{at}self_attn.kv_a_layernorm.weight", LATENT)
        noise(f"{at}self_attn.kv_b_proj.weight", HEADS * (PLAIN + VALUE), LATENT)
        noise(f"{at}self_attn.o_proj.weight", HIDDEN, HEADS * VALUE, 0.01)
        if number < DENSE:
            mlp(f"{at}mlp", INNER_DENSE)
        else:
            noise(f"{at}mlp.gate.weight", EXPERTS, HIDDEN)
            ones(f"{at}mlp.gate.e_score_correction_bias", EXPERTS, 0.0)
            for expert in range(EXPERTS):
                mlp(f"{at}mlp.experts.{expert}", INNER)
            mlp(f"{at}mlp.shared_experts", INNER)
        ones(f"{at}input_layernorm.weight", HIDDEN)
        ones(f"{at}post_attention_layernorm.weight", HIDDEN)
    return {**outside, **tensors}


def files() -> dict[str, bytes]:
    """Everything of the repository: name -> content."""
    tensors = _tensors()
    names = list(tensors)
    half = next(i for i, n in enumerate(names) if n.startswith("model.layers.1."))
    shards = {
        f"model-{n:05d}-of-00002.safetensors": {k: tensors[k] for k in part}
        for n, part in ((1, names[:half]), (2, names[half:]))
    }
    index = {
        "metadata": {"total_size": sum(len(data) for _, data in tensors.values())},
        "weight_map": {k: shard for shard, part in shards.items() for k in part},
    }
    ours = (".safetensors", ".index.json")
    out = {name: content for name, content in model.files().items() if not name.endswith(ours)}
    out["config.json"] = json.dumps(CONFIG, indent=1).encode()
    out["model.safetensors.index.json"] = json.dumps(index, indent=1).encode()
    out["README.md"] = f"# {ID}\n\nA lab model with DeepSeek-V3's shape. It always says one sentence.\n".encode()
    out.update({name: model._safetensors(part) for name, part in shards.items()})
    return out


def write(root: Path) -> Path:
    """Write the repository below `root` where it differs; returns its folder."""
    return model.write_files(root / ID, files())
