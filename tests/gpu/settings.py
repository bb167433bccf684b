# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine is started with, in the order of importance: predicted by the planner's own core, then measured.

`plan` names a profile: the whole planner decides, on the machine's own facts. The others state what the engine is told.
Shapes are those of published models (tests/sizing/data/models.json); the weights are random.
"""

from __future__ import annotations

from typing import Any

SETTINGS: list[dict[str, Any]] = [
    {"name": "7b-plan", "model": "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "plan": "basic", "seconds": 120},
    {
        "name": "qwen3-8b-wide",
        "model": "Qwen/Qwen3-8B",
        "max_len": 40960,
        "max_seqs": 256,
        "max_batched": 16384,
        "utilization": 0.8,
        "seconds": 100,
    },
    {
        "name": "7b-many",  # the sampler's buffers outweigh the forward pass
        "model": "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
        "max_len": 32768,
        "max_seqs": 1024,
        "max_batched": 4096,
        "utilization": 0.5,
        "seconds": 100,
    },
    {
        "name": "7b-estimate",  # the older runner, which has the graphs estimated before the cache is cut
        "model": "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
        "max_len": 16384,
        "max_seqs": 256,
        "max_batched": 8192,
        "utilization": 0.92,
        "env": {"VLLM_USE_V2_MODEL_RUNNER": "0"},
        "seconds": 90,
    },
    {
        "name": "v2-lite",  # latent attention and experts
        "model": "deepseek-ai/DeepSeek-Coder-V2-Lite-Instruct",
        "max_len": 32768,
        "max_seqs": 128,
        "max_batched": 8192,
        "utilization": 0.6,
        "seconds": 120,
    },
    {
        "name": "32b-standard",
        "model": "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B",
        "max_len": 16384,
        "max_seqs": 16,
        "max_batched": 2048,
        "utilization": 0.92,
        "seconds": 120,
    },
    {
        "name": "7b-fp8",  # quantised while it loads
        "model": "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
        "max_len": 16384,
        "max_seqs": 64,
        "max_batched": 8192,
        "utilization": 0.4,
        "quantization": "fp8",
        "kv_dtype": "fp8",
        "seconds": 100,
    },
    {
        "name": "8b-eager",
        "model": "Qwen/Qwen3-8B",
        "max_len": 8192,
        "max_seqs": 32,
        "max_batched": 2048,
        "utilization": 0.3,
        "eager": True,
        "seconds": 50,
    },
]
REQUESTS = (1, 8, 32)
PROMPT, ANSWER = 512, 128
TYPES = {"Qwen2ForCausalLM": "qwen2", "Qwen3ForCausalLM": "qwen3", "DeepseekV2ForCausalLM": "deepseek_v2"}

ROUTER = {"n_group": 1, "topk_group": 1, "topk_method": "greedy", "scoring_func": "softmax", "norm_topk_prob": False,
          "routed_scaling_factor": 1.0, "moe_layer_freq": 1}  # fmt: skip


def whole_config(shape: dict[str, Any]) -> dict[str, Any]:
    """A config.json that an engine reads, from a row of the table of shapes."""
    known = {key: value for key, value in shape.items() if key != "attention_bias"}
    name = TYPES[shape["architectures"][0]]
    more = ROUTER if name == "deepseek_v2" else {}
    return {"model_type": name, "rms_norm_eps": 1e-6, "rope_theta": 1e6, **more, **known}
