# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the audit costs: the same streams through the gateway's site with it and without it, side by side.

    PYTHONPATH=tests/lib python -m tests.bench.audit_cost [ROUNDS [STREAMS [TOKENS [PAUSE_MS]]]]

A stub engine sends a token each PAUSE_MS to each of STREAMS streams, as engines do. Told are tokens a second of both,
what nginx and the collector computed for 1,000 tokens, and how nginx' memory grew by one stream of 20,000 tokens.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.audit.world import MODELS, TEAMS, World


def children(pid: int) -> list[int]:
    return [
        int(word)
        for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii", errors="replace").split()
    ]


def cpu(pids: list[int]) -> float:
    """Seconds that these processes computed."""
    total = 0
    for pid in pids:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        total += int(words[11]) + int(words[12])
    return total / os.sysconf("SC_CLK_TCK")


def resident(pids: list[int]) -> int:
    return sum(
        int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii", errors="replace").split()[1]) * 4096 for pid in pids
    )


def streams(world: World, count: int, tokens: int, pause: int) -> float:
    """Tokens a second."""
    body = {"model": MODELS[0], "messages": [{"role": "user", "content": f"say {tokens}"}], "stream": True,
            "seed": pause, "stream_options": {"include_usage": True}}  # fmt: skip

    def one(_number: int) -> None:
        status, _headers, text = world.post("/v1/chat/completions", body, TEAMS["default"])
        assert status == 200 and text.endswith("data: [DONE]\n\n"), text[-300:]

    began = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(one, range(count)))
    return count * tokens / (time.perf_counter() - began)


def main() -> None:
    rounds, count, tokens, pause = [*map(int, sys.argv[1:]), *(12, 16, 150, 20)[len(sys.argv) - 1 :]]
    with tempfile.TemporaryDirectory() as place:
        both = {name: World(Path(place) / name, audit=name == "with").start() for name in ("with", "without")}
        try:
            pids = {name: children(world.nginx.pid) for name, world in both.items()}
            more = {"with": [both["with"].collector.pid], "without": []}
            found: dict[str, list[tuple[float, float]]] = {"with": [], "without": []}
            for _round in range(rounds):
                for name in random.sample(sorted(both), 2):
                    before = cpu(pids[name] + more[name])
                    rate = streams(both[name], count, tokens, pause)
                    time.sleep(0.7)  # until the collector has them
                    found[name].append((rate, (cpu(pids[name] + more[name]) - before) / (count * tokens) * 1000))
            told: dict[str, object] = {"rounds": rounds, "streams": count, "tokens": tokens, "pause_ms": pause}
            for name, rows in found.items():
                told[name] = {
                    "tokens_per_second": round(statistics.median(rate for rate, _ in rows), 2),
                    "cpu_seconds_per_1000_tokens": round(statistics.mean(used for _, used in rows), 4),
                }
            ratios = [a[0] / b[0] for a, b in zip(found["with"], found["without"])]
            told["throughput_ratio"] = round(statistics.median(ratios), 4)
            told["ratios"] = [round(min(ratios), 4), round(max(ratios), 4)]
            for name, world in both.items():
                before = resident(pids[name])
                peak = 0
                with ThreadPoolExecutor(1) as pool:
                    job = pool.submit(streams, world, 1, 20000, 0)
                    while not job.done():
                        peak = max(peak, resident(pids[name]) - before)
                        time.sleep(0.05)
                    job.result()
                told[f"memory_{name}_mb"] = round(peak / 1e6, 1)
            print(json.dumps(told, indent=1))
        finally:
            for world in both.values():
                world.stop()


if __name__ == "__main__":
    main()
