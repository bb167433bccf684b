# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two generators agree on a real engine: llama.cpp with a small model, on one core, at tens of ms for a token.

What an engine needs for a request depends on what else its machine does, so each generator asks through a relay that
notes when every part of an answer passed: the generators agree where each tells what the relay saw of its own requests.
A faster engine shows more of what a generator itself needs: two cores that the lab's vLLM shares with a generator
(2 ms a token) showed one of them a whole answer at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import generator
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.load import Step

from tests.acceptance import generators, small

SECONDS, PROMPT, ANSWER, PROMPTS = 90, 256, 16, 400
AGREE = 0.05
TIMES = ("first_token_ms", "between_ms", "latency_ms")
CORES = sorted(os.sched_getaffinity(0))[:2]  # generators, engine
Told = dict[str, float]


class Relay:
    """Between a generator and the engine: for each answer, seconds from its request to each of its parts."""

    def __init__(self, port: int) -> None:
        self.port, self.seen = port, []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection("127.0.0.1", self.port)
        asked: list[float] = []

        async def out() -> None:
            while data := await reader.read(1 << 16):
                asked[:] = asked or [time.perf_counter()]
                to.write(data)
                await to.drain()
            to.close()

        async def back() -> None:
            said, rest = [], b""
            while data := await there.read(1 << 16):
                now = time.perf_counter()
                writer.write(data)
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if line.startswith(b"data: {"):
                        choices = json.loads(line[6:])["choices"]
                        said.append((now - asked[0], bool(choices and choices[0]["delta"].get("content"))))
                    elif line.startswith(b"data: [DONE]"):
                        self.seen.append(said)
                        said = []
                        asked.clear()
                await writer.drain()
            writer.close()

        with contextlib.suppress(ConnectionError):
            await asyncio.gather(out(), back())

    def told(self, middle: Callable[[Iterable[float]], float]) -> Told:
        """In a report's words. `middle`: a generator's median of an even number is between two, or the lower one."""
        rows = []
        for said in self.seen:
            first, last = next(at for at, content in said if content), said[-1][0]
            rows.append((first, (last - first) / (ANSWER - 1), last))
        medians = (middle(column) * 1000 for column in zip(*rows))
        return dict(zip(TIMES, medians))


@contextlib.contextmanager
def relayed(url: str) -> Iterator[tuple[str, Relay]]:
    relay, loop = Relay(int(url.rpartition(":")[2])), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(relay.serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", relay
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def by_aiperf(url: str, folder: Path) -> Told:
    program = folder / "program"
    program.write_text(f'#!/bin/sh\nexec taskset -c {CORES[0]} {generators.environment("aiperf")}/aiperf "$@"\n')
    program.chmod(0o755)
    tokenizer = str(generators.tokenizer(folder / "tokenizer"))  # of bytes
    target = generator.Target(url, "small", tokenizer, str(program), 1, 120, whole_answers=True)
    row = generator.run(Step(PROMPT, ANSWER, 1, PROMPTS, 0, seconds=SECONDS), target, str(folder / "out"), 600)
    assert row["failed"] == 0 and row["answer_tokens"] == ANSWER, row
    return {key: row[key]["p50"] for key in TIMES}


def by_evalscope(url: str, folder: Path) -> Told:
    lines = (f"{number:04} " + "What does the clerk write down of crate and hall? " * 6 for number in range(PROMPTS))
    (folder / "prompts").write_text("\n".join(line[:PROMPT] for line in lines), encoding="utf-8")
    words = [
        "taskset", "-c", str(CORES[0]), str(generators.environment("evalscope") / "evalscope"), "perf",
        "--model", "small", "--api", "openai", "--url", f"{url}/v1/chat/completions", "--parallel", "1",
        "--number", str(PROMPTS), "--duration", str(SECONDS),
        "--dataset", "line_by_line", "--dataset-path", str(folder / "prompts"),
        "--max-tokens", str(ANSWER), "--extra-args", '{"ignore_eos": true}',
        "--no-timestamp", "--no-test-connection", "--outputs-dir", str(folder / "evalscope"),
    ]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    [path] = (folder / "evalscope").glob("small/*/benchmark_percentile.json")
    [half] = [row for row in json.loads(path.read_text(encoding="utf-8")) if row["Percentiles"] == "50%"]
    assert half["Output tokens"] == ANSWER
    return dict(zip(TIMES, (half["TTFT (ms)"], half["TPOT (ms)"], half["Latency (s)"] * 1000)))


@pytest.mark.skipif(len(CORES) < 2, reason="the engine and the generators need a core each")
def test_two_generators_agree_on_a_real_engine(tmp_path):
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(small.engine(small.weights(), "--template", small.TEMPLATE, "--core", CORES[1]))
        (one, first), (other, second) = (stack.enter_context(relayed(url)) for _generator in range(2))
        pool = stack.enter_context(ThreadPoolExecutor(2))
        asked = [pool.submit(by_aiperf, one, tmp_path), pool.submit(by_evalscope, other, tmp_path)]
        told = [each.result() for each in asked]
    shares = []
    for said, relay, middle in zip(told, (first, second), (statistics.median, statistics.median_low)):
        saw = relay.told(middle)
        print(len(relay.seen), said, saw)
        assert len(relay.seen) >= 10
        shares.append({key: said[key] / saw[key] for key in saw})
    print(shares)
    assert shares[0] == pytest.approx(shares[1], rel=AGREE)
    assert shares[0] == pytest.approx(dict.fromkeys(shares[0], 1), rel=AGREE)
