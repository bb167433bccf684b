# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines and settings of the engines that read GGUF files: llama.cpp, Ollama, KTransformers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List


@dataclass(frozen=True)
class GgufSettings:
    path: str  # the file, or the first part of a split one
    folder: str
    served_name: str
    port: int
    context: int
    parallel: int
    gpu_layers: int
    threads: int
    cards: int
    weights_dir: str
    temperature: float
    config_id: str = ""


def llamacpp_args(settings: GgufSettings) -> List[str]:
    """llama-server; the context is shared by all slots, so it is multiplied."""
    args = [
        "--model", settings.path, "--alias", settings.served_name, "--host", "127.0.0.1", "--port", str(settings.port),
        "--ctx-size", str(settings.context * settings.parallel), "--parallel", str(settings.parallel),
        "--n-gpu-layers", str(settings.gpu_layers), "--threads", str(settings.threads), "--jinja", "--metrics",
        "--reasoning-format", "deepseek",
    ]  # fmt: skip
    if settings.cards > 1:
        args += ["--split-mode", "layer"]
    return args


def ollama_env(settings: GgufSettings) -> Dict[str, str]:
    return {
        "OLLAMA_HOST": f"127.0.0.1:{settings.port}",
        "OLLAMA_MODELS": f"{settings.weights_dir}/ollama",
        "OLLAMA_NUM_PARALLEL": str(settings.parallel),
        "OLLAMA_CONTEXT_LENGTH": str(settings.context),
        "OLLAMA_KEEP_ALIVE": "24h",
        "OLLAMA_MAX_QUEUE": "512",
        "OLLAMA_MAX_LOADED_MODELS": "1",
    }


def ollama_modelfile(settings: GgufSettings) -> Dict[str, Any]:
    """What `ollama create` needs; Ollama takes one file, so a split GGUF is merged before."""
    return {
        "from": settings.path, "name": settings.served_name,
        "parameters": {"num_gpu": settings.gpu_layers, "num_ctx": settings.context,
                       "temperature": settings.temperature},
    }  # fmt: skip


def ktransformers_args(settings: GgufSettings) -> List[str]:
    return [
        "--model_path", settings.config_id, "--gguf_path", settings.folder, "--host", "127.0.0.1",
        "--port", str(settings.port), "--cpu_infer", str(settings.threads), "--cache_lens", str(settings.context),
        "--max_batch_size", str(settings.parallel), "--model_name", settings.served_name,
    ]  # fmt: skip
