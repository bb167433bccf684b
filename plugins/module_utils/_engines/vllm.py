# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vLLM's command line from settings, by the version's table of flags (plugins/catalog/engines/vllm.yml)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key

Value = Union[str, int, float, bool, None]
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    # One request's work, whoever sends it (vLLM's own: 16384 and 1024); the gateway's bounds are lower.
    "VLLM_MAX_N_SEQUENCES": "16",
    "VLLM_MAX_COMPLETION_PROMPTS": "16",
    "VLLM_MAX_STOP_STRINGS": "16",
}


@dataclass(frozen=True)
class Settings:
    """Settings of one engine process; None or False: the flag is left out. Lengths in tokens."""

    model_path: str
    served_name: str
    port: int
    device: str
    dtype: str
    max_len: int
    max_seqs: int
    max_batched: int
    kv_dtype: str = "auto"
    host: str = "127.0.0.1"
    tensor: int = 1
    pipeline: int = 1
    data: int = 1
    context: int = 1
    expert: bool = False
    joined: bool = False  # replicas have the experts together; vLLM does so by itself
    drafted: int = 0  # tokens that the model's MTP layer proposes for each step
    utilization: Optional[float] = None
    kv_bytes: Optional[int] = None
    quantization: Optional[str] = None
    reasoning_parser: Optional[str] = None
    eager: bool = False
    prefix_caching: bool = True
    executor: Optional[str] = None
    nodes: int = 1
    node_rank: int = 0
    master_address: Optional[str] = None
    master_port: Optional[int] = None
    trust_remote_code: bool = False
    data_port: Optional[int] = None  # replicas on several nodes
    data_nodes: int = 1
    static_fraction: Optional[float] = None  # SGLang: weights and cache of the whole card
    cache_fraction: Optional[float] = None  # LMDeploy: cache of what the weights leave free


def has_flag(engine: Mapping[str, Any], name: str, version: str) -> bool:
    """Whether a version has a flag."""
    return _within(engine["flags"][name], version)


def _within(row: Mapping[str, Any], version: str) -> bool:
    """Whether a row of the catalogue (`since`, `until`) holds for a version."""
    key = version_key(version)
    since, until = row.get("since"), row.get("until")
    return (since is None or key >= version_key(str(since))) and (until is None or key < version_key(str(until)))


def command(engine: Mapping[str, Any], version: str, settings: Settings) -> List[str]:
    """Arguments after the image's entrypoint, complete and in a fixed order."""
    args: List[str] = []
    if has_flag(engine, "model", version):
        args += [engine["flags"]["model"]["flag"], settings.model_path]
    else:
        args.append(settings.model_path)
    for name, value in _rows(settings):
        if value is None or value is False:
            continue
        if not has_flag(engine, name, version):
            if name in OPTIONAL:
                continue
            raise Refusal("LLM560", version=version, name=name)
        args.append(engine["flags"][name]["flag"])
        if value is not True:
            args.append(str(value))
    return args


# Flags that a version may lack without harm to what the plan promises.
OPTIONAL = ("no_docs", "quiet_paths", "reasoning_parser", "enable_reasoning")


def _rows(settings: Settings) -> List[Tuple[str, Value]]:
    spread = settings.nodes > 1
    wide = settings.data_nodes > 1
    local = settings.data // settings.data_nodes
    return [
        ("served_name", settings.served_name),
        ("host", settings.host),
        ("port", settings.port),
        ("dtype", settings.dtype),
        ("quantization", settings.quantization),
        ("tensor", settings.tensor),
        ("pipeline", settings.pipeline),
        ("data", settings.data if settings.data > 1 else None),
        ("data_local", local if wide else None),
        ("data_start", local * settings.node_rank if wide else None),
        ("data_address", settings.master_address if wide else None),
        ("data_port", settings.data_port if wide else None),
        ("context", settings.context if settings.context > 1 else None),
        ("expert", settings.expert),
        # Word by word: JSON would have to be quoted in units.
        ("drafter", "mtp" if settings.drafted else None),
        ("drafted", settings.drafted or None),
        ("executor", settings.executor),
        ("nodes", settings.nodes if spread else None),
        ("node_rank", settings.node_rank if spread else None),
        ("master_address", settings.master_address if spread else None),
        ("master_port", settings.master_port if spread else None),
        ("headless", (spread or wide) and settings.node_rank > 0),
        ("max_len", settings.max_len),
        ("max_seqs", settings.max_seqs),
        ("max_batched", settings.max_batched),
        ("utilization", settings.utilization),
        ("kv_bytes", settings.kv_bytes),
        ("kv_dtype", settings.kv_dtype),
        ("prefix_caching", settings.prefix_caching),
        ("eager", settings.eager),
        ("enable_reasoning", settings.reasoning_parser is not None),
        ("reasoning_parser", settings.reasoning_parser),
        ("quiet_paths", "/health,/metrics"),
        ("no_docs", True),
        ("trust_remote_code", settings.trust_remote_code),
    ]


def environment(name: str, engine: Mapping[str, Any], version: str, capability: Optional[float]) -> Dict[str, str]:
    """What every container of an engine gets; never a secret."""
    env = {key: value for key, value in ENVIRONMENT.items() if name == "vllm" or not key.startswith("VLLM_")}
    for row in engine.get("environment") or []:
        if (capability or 0.0) >= float(row["from"]) and _within(row, version):
            env.update(row["set"])
    return env
