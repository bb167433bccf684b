# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LMDeploy's command line from the same settings as vLLM's. One node, no pipeline."""

from __future__ import annotations

from typing import List

from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.vllm import Settings

PARSERS = {"deepseek_r1": "deepseek-r1"}


def command(settings: Settings) -> List[str]:
    """Arguments after `lmdeploy serve api_server`."""
    args = [
        settings.model_path, "--model-name", settings.served_name, "--server-name", settings.host,
        "--server-port", str(settings.port), "--backend", "pytorch", "--dtype", settings.dtype,
        "--tp", str(settings.tensor), "--session-len", str(settings.max_len),
        "--max-batch-size", str(settings.max_seqs), "--max-prefill-token-num", str(settings.max_batched),
        "--quant-policy", "8" if settings.kv_dtype == "fp8" else "0",
    ]  # fmt: skip
    if settings.cache_fraction is not None:
        args += ["--cache-max-entry-count", str(settings.cache_fraction)]
    if settings.eager:
        args.append("--eager-mode")
    if settings.trust_remote_code:
        args.append("--trust-remote-code")
    if settings.reasoning_parser in PARSERS:
        args += ["--reasoning-parser", PARSERS[settings.reasoning_parser]]
    return args
