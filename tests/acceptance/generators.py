# SPDX-License-Identifier: GPL-3.0-or-later
"""Load generators in environments of their own, and an engine of known timing to measure with them.

python -m tests.acceptance.generators prints how far each is off.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import generator
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.load import Step

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "yitiji-checkers/acceptance"
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
PINNED = {
    "aiperf": ["aiperf==0.13.0"],
    "evalscope": ["evalscope[perf]==1.14.1"],
    "pdf": ["typst==0.15.0", "pylopdf-fonts-zh-cn==0.1.1"],
}


def environment(name: str) -> Path:
    """The folder of the programs of a generator or of what makes PDFs, installed when it is not there."""
    place = CACHE / name
    mark = place / f".{'-'.join(PINNED[name])}"
    if not mark.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        subprocess.run([str(place / "bin/pip"), "install", "--quiet", "--no-compile", *PINNED[name]], check=True)
        mark.touch()
    return place / "bin"


def tokenizer(folder: Path) -> Path:
    """A tokenizer of single bytes, as the transformers library reads it."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(byte) for byte in printable] + [chr(256 + number) for number in range(256 - len(printable))]
    whole = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": BYTES,
        "post_processor": None, "decoder": BYTES,
        "model": {"type": "BPE", "vocab": {letter: number for number, letter in enumerate(letters)}, "merges": []},
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(whole), encoding="utf-8")
    template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": template}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps({"model_type": "qwen2"}), encoding="utf-8")
    return folder


@contextlib.contextmanager
def engine(first: float, following: float, fail: float = 0) -> Iterator[str]:
    """The address of an engine with this timing (stub_engine.py)."""
    words = [sys.executable, str(HERE / "stub_engine.py"), "--first", str(first), "--next", str(following)]
    process = subprocess.Popen([*words, "--fail", str(fail)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait(10)


def by_aiperf(url: str, step: Step, folder: Path) -> dict[str, Any]:
    """As role acceptance measures."""
    program = str(environment("aiperf") / "aiperf")
    target = generator.Target(url, "stub", str(tokenizer(folder / "tokenizer")), program, 1, 60)
    return generator.run(step, target, str(folder / "aiperf"), 300)


def by_evalscope(url: str, step: Step, folder: Path) -> dict[str, Any]:
    """The same step by another generator: its own summary, in this report's words."""
    length, out = str(step.prompt), folder / "evalscope"
    shutil.rmtree(out, ignore_errors=True)
    command = [
        str(environment("evalscope") / "evalscope"), "perf", "--model", "stub", "--api", "openai",
        "--url", url + "/v1/chat/completions", "--parallel", str(step.concurrency), "--number", str(step.requests),
        "--warmup-num", str(step.warm_up), "--tokenizer-path", str(tokenizer(folder / "tokenizer")),
        "--dataset", "random", "--min-prompt-length", length, "--max-prompt-length", length,
        "--max-tokens", str(step.answer), "--min-tokens", str(step.answer), "--seed", "1",
        "--no-timestamp", "--no-test-connection", "--outputs-dir", str(out),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    [summary] = out.glob("stub/*/benchmark_summary.json")
    found = json.loads(summary.read_text(encoding="utf-8"))
    rows = json.loads(summary.with_name("benchmark_percentile.json").read_text(encoding="utf-8"))
    [half] = [row for row in rows if row["Percentiles"] == "50%"]  # as AIPerf's, medians
    return {
        "failed": found["Failed Requests"],
        "first_token_ms": half["TTFT (ms)"],
        "between_ms": half["TPOT (ms)"],
        "latency_ms": half["Latency (s)"] * 1000,
        "tokens_per_second": found["Output Throughput (tok/s)"],
        "requests_per_second": found["Req Throughput (req/s)"],
    }


STEP = Step(64, 32, 8, 64, 8)
FIRST, NEXT, FAIL = 0.5, 0.05, 12.5  # seconds, seconds, percent of requests


def known(fail: float) -> dict[str, float]:
    """What the engine really does, in the report's words. A request that is told to fail ends at once."""
    whole, failed = FIRST + (STEP.answer - 1) * NEXT, STEP.requests * fail / 100
    rate = STEP.concurrency / whole  # as long as every place is taken again as soon as it is free
    return {
        "failed": failed,
        "first_token_ms": FIRST * 1000,
        "between_ms": NEXT * 1000,
        "latency_ms": whole * 1000,
        "tokens_per_second": rate * STEP.answer,
        "requests_per_second": rate,
    }


def measured(folder: Path, fail: float) -> dict[str, dict[str, float]]:
    """Each generator's figures of the same step, one after another; times at the median."""
    found = {"known": known(fail)}
    with engine(FIRST, NEXT, fail) as url:
        row = by_aiperf(url, STEP, folder)
    found["aiperf"] = {key: row[key]["p50"] if isinstance(row[key], dict) else row[key] for key in found["known"]}
    with engine(FIRST, NEXT, fail) as url:
        found["evalscope"] = by_evalscope(url, STEP, folder)
    return found


def main() -> None:
    for fail in (0, FAIL):
        print(f"{fail} % of requests fail")
        for name, row in measured(CACHE / "out", fail).items():
            print(f"  {name:10}", "  ".join(f"{key} {value:,.2f}" for key, value in row.items()))


if __name__ == "__main__":
    main()
