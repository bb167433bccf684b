# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines and settings of the engines that read GGUF files: llama.cpp, Ollama, KTransformers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Sequence


@dataclass(frozen=True)
class GgufSettings:
    """Settings of one engine; contexts in tokens, `threads` of the CPU, `cards` a count."""

    path: str  # the file, or the first part of a split one
    folder: str
    served_name: str
    host: str
    port: int
    context: int
    parallel: int
    gpu_layers: int
    threads: int
    cards: int
    weights_dir: str
    sampling: Dict[str, Any]
    template: str = ""
    start_seconds: int = 600
    config_path: str = ""
    rules: str = ""
    sockets: int = 1
    all_layers: bool = False


def llamacpp_args(settings: GgufSettings) -> List[str]:
    """llama-server shares its context among all slots, so it is multiplied."""
    args = [
        "--model", settings.path, "--alias", settings.served_name,
        "--host", settings.host, "--port", str(settings.port),
        "--ctx-size", str(settings.context * settings.parallel), "--parallel", str(settings.parallel),
        "--n-gpu-layers", str(settings.gpu_layers), "--threads", str(settings.threads), "--jinja", "--metrics",
        "--reasoning-format", "deepseek", "--offline", "--no-webui",
        "--fit", "off",  # the plan has done that, and a server that changes it must not start
    ]  # fmt: skip
    if settings.cards > 1:
        args += ["--split-mode", "layer"]
    if settings.sockets > 1 and not settings.all_layers:
        args += ["--numa", "distribute"]  # what main memory holds lies on every socket, and so do the threads
    return args


def ollama_env(settings: GgufSettings, cards: Sequence[int]) -> Dict[str, str]:
    """Every setting whose default changes by itself, and those that the appliance promises."""
    env = {
        "OLLAMA_HOST": f"{settings.host}:{settings.port}",
        "OLLAMA_ORIGINS": "http://127.0.0.1,http://localhost",
        "OLLAMA_MODELS": f"{settings.weights_dir}/ollama",
        "OLLAMA_NUM_PARALLEL": str(settings.parallel),
        "OLLAMA_CONTEXT_LENGTH": str(settings.context),
        "OLLAMA_KEEP_ALIVE": "24h",
        "OLLAMA_MAX_QUEUE": "512",
        "OLLAMA_MAX_LOADED_MODELS": "1",
        "OLLAMA_LOAD_TIMEOUT": f"{settings.start_seconds}s",
        "OLLAMA_NO_CLOUD": "1",
        "OLLAMA_DEBUG": "0",
    }
    if cards:
        env["CUDA_VISIBLE_DEVICES"] = ",".join(str(card) for card in cards)
    return env


def ollama_modelfile(settings: GgufSettings) -> Dict[str, Any]:
    """What a Modelfile says. Ollama takes one file; parts are merged on their way into its store."""
    return {
        "from": settings.path, "name": settings.served_name, "template": settings.template,
        "parameters": {"num_gpu": settings.gpu_layers, "num_ctx": settings.context, **settings.sampling},
    }  # fmt: skip


def ktransformers_args(settings: GgufSettings) -> List[str]:
    """KTransformers 0.3, the last with a server of its own. `config_path`: config and tokenizer of the original."""
    return [
        "--model_path", settings.config_path, "--gguf_path", settings.folder, "--optimize_config_path", settings.rules,
        "--host", settings.host, "--port", str(settings.port), "--backend_type", "balance_serve",
        "--cpu_infer", str(settings.threads), "--cache_lens", str(settings.context * settings.parallel),
        "--max_batch_size", str(settings.parallel), "--model_name", settings.served_name,
    ]  # fmt: skip
