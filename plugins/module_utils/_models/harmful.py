# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a repository that are programs: Python's pickles, which run while they are loaded, and code."""

from __future__ import annotations

from typing import Any, List, Mapping, NamedTuple, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import KNOWN, VISION_TYPES

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill")
INDEXES = tuple(ending + ".index.json" for ending in PICKLES)  # they lead to nothing else
CODE = (".py", ".pyc", ".pyd", ".so", ".dll", ".ipynb", ".sh")
WEIGHTS = (".safetensors", ".gguf")
SHOWN = 5
SHORTEST = 8  # bytes of a reason
# Types that engines compute with their own code, whatever the repository brings, by the Transformers in the image:
# CONFIG_MAPPING of 4.51 and 5.16, with the engines' own. Kimi's tokenizer is Python (PrimeIntellect-ai/renderers#7).
BUILT_IN = (
    "llama", "qwen2", "qwen3", "mistral", "mixtral", "phi3", "granite", "starcoder2", "opt", "gpt_bigcode",
    "qwen2_moe", "qwen3_moe", "deepseek_v2", "deepseek_v3", "deepseek_v32",
)  # fmt: skip
NOT_IN_5 = ("yi", "internlm2", "mimo", "kimi_k2", "kimi_k25", "kimi_linear", "minimax_text_01", "minimax_m3")


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


def own_code(config: Optional[Mapping[str, Any]], transformers: int = 5) -> str:
    """What of the repository's Python a config asks the engine to run; '' where its own code is enough."""
    config = config or {}
    told = config.get("auto_map")
    kind = str(config.get("model_type"))
    known = kind in BUILT_IN or (transformers >= 5 and kind in (*KNOWN, *VISION_TYPES) and kind not in NOT_IN_5)
    if isinstance(told, dict) and known:
        told = {key: value for key, value in told.items() if key == "AutoTokenizer"}
    if not told:
        return ""
    return ", ".join(f"{key}: {value}" for key, value in told.items()) if isinstance(told, dict) else str(told)


def refuse_own_code(model: str, config: Optional[Mapping[str, Any]], allow_code: str, transformers: int = 5) -> bool:
    """Whether the engine must run the repository's Python; refused without a reason for that (LLM651)."""
    found = own_code(config, transformers)
    if found and not allow_code:
        raise Refusal("LLM651", model=model, detail=found[:300])
    return bool(found)


def pickled(head: bytes, name: str) -> bool:
    """By its first bytes, whatever it is called: a pickle, or the ZIP of one as torch writes it."""
    if name.lower().endswith(WEIGHTS):
        return False  # their own format is checked, and its length may look like anything
    plain = head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
    return plain or (head[:4] == b"PK\x03\x04" and b".pkl" in head)
