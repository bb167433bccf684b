# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a repository that are programs: Python's pickles, which run while they are loaded, and code."""

from __future__ import annotations

from typing import Any, List, Mapping, NamedTuple, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill")
INDEXES = tuple(ending + ".index.json" for ending in PICKLES)  # they lead to nothing else
CODE = (".py", ".pyc", ".pyd", ".so", ".dll", ".ipynb", ".sh")
WEIGHTS = (".safetensors", ".gguf")
SHOWN = 5
SHORTEST = 8  # bytes of a reason
# The engines compute these with their own code, whatever the repository brings for them.
BUILT_IN = (
    "llama", "qwen2", "qwen3", "mistral", "mixtral", "phi3", "granite", "starcoder2", "opt", "gpt_bigcode",
    "qwen2_moe", "qwen3_moe", "deepseek_v2", "deepseek_v3", "deepseek_v32",
)  # fmt: skip


def reason(name: str, text: object) -> str:
    """A reason that somebody wrote down; `true` is none."""
    words = str(text or "").strip()
    if words and len(words.encode("utf-8")) < SHORTEST:
        raise Refusal("LLM652", name=name, value=words)
    return words


class Sorted(NamedTuple):
    wanted: List[Entry]
    left_out: List[Entry]


def set_aside(model: str, files: Sequence[Entry], allow_pickle: str = "", allow_code: str = "") -> Sorted:
    """What is never needed stays away; weights that exist as pickles alone are refused. Who allows gives a reason."""
    pickles = [] if allow_pickle else [file for file in files if file.path.lower().endswith((*PICKLES, *INDEXES))]
    code = [] if allow_code else [file for file in files if file.path.lower().endswith(CODE)]
    wanted = [file for file in files if file not in pickles and file not in code]
    if pickles and not any(file.path.lower().endswith(WEIGHTS) for file in wanted):
        raise Refusal("LLM650", model=model, detail=few(pickles))
    return Sorted(wanted, [file for file in files if file in pickles or file in code])


def few(files: Sequence[Entry]) -> str:
    names = [file.path for file in files[:SHOWN]]
    return ", ".join(names) + (f", ... ({len(files)})" if len(files) > SHOWN else "")


def own_code(config: Optional[Mapping[str, Any]]) -> str:
    """What of the repository's Python a config asks the engine to run; '' where its own code is enough."""
    told = (config or {}).get("auto_map")
    if not told or (config or {}).get("model_type") in BUILT_IN:
        return ""
    return ", ".join(f"{key}: {value}" for key, value in told.items()) if isinstance(told, dict) else str(told)


def refuse_own_code(model: str, config: Optional[Mapping[str, Any]], allow_code: str) -> None:
    found = own_code(config)
    if found and not allow_code:
        raise Refusal("LLM651", model=model, detail=found[:300])


def pickled(head: bytes, name: str) -> bool:
    """By its first bytes, whatever it is called: a pickle, or the ZIP of one as torch writes it."""
    if name.lower().endswith(WEIGHTS):
        return False  # their own format is checked, and its length may look like anything
    plain = head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
    return plain or (head[:4] == b"PK\x03\x04" and b".pkl" in head)
