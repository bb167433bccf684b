# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SGLang's command line from the same settings as vLLM's."""

from __future__ import annotations

from typing import List

from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.vllm import Settings

PARSERS = {"deepseek_r1": "deepseek-r1", "deepseek_v3": "deepseek-v3", "qwen3": "qwen3"}


def command(settings: Settings) -> List[str]:
    """Arguments after `python3 -m sglang.launch_server`."""
    # With attention by data, the tensor-parallel size is that of the experts: all cards.
    joined = settings.data if settings.joined else 1
    cards = settings.tensor * joined
    args = [
        "--model-path", settings.model_path, "--served-model-name", settings.served_name,
        "--host", settings.host, "--port", str(settings.port), "--dtype", settings.dtype,
        "--tp-size", str(cards), "--pp-size", str(settings.pipeline),
        "--context-length", str(settings.max_len), "--max-running-requests", str(settings.max_seqs * settings.data),
        "--chunked-prefill-size", str(settings.max_batched * joined),
        "--kv-cache-dtype", "fp8_e4m3" if settings.kv_dtype == "fp8" else "auto",
    ]  # fmt: skip
    if settings.data > 1:
        args += ["--attn-dp-size" if settings.joined else "--dp-size", str(settings.data)]
    if settings.expert:
        args += ["--ep-size", str(cards)]
    if settings.drafted:
        steps, tokens = str(settings.drafted), str(settings.drafted + 1)
        args += ["--speculative-algorithm", "NEXTN", "--speculative-num-steps", steps,
                 "--speculative-eagle-topk", "1", "--speculative-num-draft-tokens", tokens]  # fmt: skip
    if settings.static_fraction is not None:
        args += ["--mem-fraction-static", str(settings.static_fraction)]
    if settings.quantization:
        args += ["--quantization", settings.quantization]
    if settings.nodes > 1:
        args += ["--nnodes", str(settings.nodes), "--node-rank", str(settings.node_rank),
                 "--dist-init-addr", f"{settings.master_address}:{settings.master_port}"]  # fmt: skip
    if settings.eager:
        args.append("--disable-cuda-graph")
    if settings.reasoning_parser:
        args += ["--reasoning-parser", PARSERS.get(settings.reasoning_parser, settings.reasoning_parser)]
    if settings.trust_remote_code:
        args.append("--trust-remote-code")
    return args
