# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One start of vLLM with random weights, measured. usage: engine.py SETTING.json OUT.json   (its log goes to stderr)

The setting holds `config` (a config.json) and `args` (what the planner writes after `vllm serve MODEL`).
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from settings import ANSWER, PROMPT, REQUESTS

os.environ.update(
    VLLM_ENABLE_V1_MULTIPROCESSING="0", VLLM_LOGGING_LEVEL="DEBUG", VLLM_NO_USAGE_STATS="1", DO_NOT_TRACK="1",
    HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1",
)  # fmt: skip
SERVER_ONLY = {"--host": 1, "--port": 1, "--disable-access-log-for-endpoints": 1, "--disable-fastapi-docs": 0}
SERVER_ONLY["--reasoning-parser"] = 1  # it wants the tokenizer, and there is none


def for_engine(args: list[str]) -> list[str]:
    """What concerns the engine and not its server."""
    kept, index = [], 0
    while index < len(args):
        if args[index] in SERVER_ONLY:
            index += 1 + SERVER_ONLY[args[index]]
            continue
        kept.append(args[index])
        index += 1
    return kept


def start(setting: dict[str, Any], folder: str) -> Any:
    from vllm import LLM
    from vllm.engine.arg_utils import EngineArgs
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    Path(folder, "config.json").write_text(json.dumps(setting["config"]), encoding="utf-8")
    parser = EngineArgs.add_cli_args(FlexibleArgumentParser())
    if os.environ.get("GPU_TEST_EAGER"):
        setting["args"].append("--enforce-eager")
    words = ["--model", folder, "--load-format", "dummy", "--skip-tokenizer-init", *for_engine(setting["args"])]
    return LLM.from_engine_args(EngineArgs.from_cli_args(parser.parse_args(words)))


def inside(worker: Any) -> dict[str, Any]:
    """What the worker knows of its memory, in bytes; names change between versions."""
    import torch

    found: dict[str, Any] = {}
    for name in ("requested_memory", "non_torch_memory", "peak_activation_memory", "cudagraph_memory_estimate",
                 "available_kv_cache_memory_bytes"):  # fmt: skip
        found[name] = getattr(worker, name, None)
    found["model_memory_usage"] = getattr(worker.model_runner, "model_memory_usage", None)
    snapshot = getattr(worker, "init_snapshot", None)
    found["start"] = {name: getattr(snapshot, name, None) for name in ("total_memory", "free_memory", "cuda_memory")}
    free, total = torch.cuda.mem_get_info()
    found["now"] = {"free": free, "total": total, "allocated": torch.cuda.memory_allocated(),
                    "reserved": torch.cuda.memory_reserved()}  # fmt: skip
    return found


def timed(llm: Any, count: int, answer: int, vocabulary: int) -> float:
    from vllm import SamplingParams

    draw = random.Random(count * 1000 + answer)
    prompts = [
        {"prompt_token_ids": [draw.randrange(100, vocabulary - 1000) for _ in range(PROMPT)]} for _ in range(count)
    ]
    wish = SamplingParams(temperature=0.6, top_p=0.95, max_tokens=answer, ignore_eos=True, detokenize=False)
    began = time.perf_counter()
    done = llm.generate(prompts, wish, use_tqdm=False)
    took = time.perf_counter() - began
    if sum(len(answered.outputs[0].token_ids) for answered in done) != count * answer:
        raise RuntimeError("some requests ended early")
    return took


def speed(llm: Any, vocabulary: int) -> list[dict[str, float]]:
    """Prompts differ from call to call, so that none is answered from the prefix cache."""
    timed(llm, 2, 8, vocabulary)
    rows = []
    for count in REQUESTS:
        first = timed(llm, count, 1, vocabulary)
        whole = timed(llm, count, ANSWER, vocabulary)
        rows.append(
            {
                "requests": count,
                "first_token_s": round(first, 4),
                "whole_s": round(whole, 4),
                "decode_tokens_s": round(count * (ANSWER - 1) / (whole - first), 1),
                "prefill_tokens_s": round(count * PROMPT / first, 1),
            }
        )
    return rows


def main(source: str, target: str) -> int:
    setting = json.loads(Path(source).read_text(encoding="utf-8"))
    found: dict[str, Any] = {"name": setting["name"], "args": setting["args"]}
    out = Path(target)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="gpu-model-") as folder:
        import vllm

        found["vllm"] = vllm.__version__
        found["import_s"] = round(time.perf_counter() - began, 1)
        llm = start(setting, folder)
    found["start_s"] = round(time.perf_counter() - began, 1)
    cache = llm.llm_engine.vllm_config.cache_config
    found["blocks"], found["block_size"] = cache.num_gpu_blocks, cache.block_size
    out.write_text(json.dumps(found), encoding="utf-8")
    try:
        found["worker"] = llm.collective_rpc(inside)[0]
    except Exception as error:  # names of another version: the log still holds the figures
        found["worker_error"] = repr(error)
    out.write_text(json.dumps(found), encoding="utf-8")
    found["speed"] = speed(llm, setting["config"]["vocab_size"])
    out.write_text(json.dumps(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # an engine takes seconds to leave, and the next one waits
