#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What chooses a replica, side by side on real vLLM: nginx, nginx by conversation, vllm-router, SGLang's router.

    tests/bench/router-setup.sh                  once; the lab must have been served once, for its vLLM
    tests/bench/router.py load [ROUNDS]          speed and cache hits of conversations of several turns
    tests/bench/router.py ends                   requests while a replica is restarted and killed
    tests/bench/router.py both [ROUNDS]

nginx stands in front of each with key and routes, as on an appliance. Two replicas, one core each, a model of random
weights that is large enough for a prompt to cost something. Everything listens on loopback.
"""

from __future__ import annotations

import random
import signal
import statistics
import sys
import threading
import time

from router_world import WAITS, Choice, Replica, ask, begin, choices, prompt, together

USERS, TALKS, TURNS = 7, 4, 6


def talks(label: str) -> tuple[list[float], int]:
    """Seconds to the first piece from a talk's second turn on, and failures; each user has TALKS that take turns."""
    times: list[float] = []
    failed: list[str] = []

    def user(number: int) -> None:
        chance = random.Random(number)  # the same for every choice
        histories = [[{"role": "system", "content": prompt("system", 300)}] for _ in range(TALKS)]
        for turn in range(TURNS):
            for talk, history in chance.sample(list(enumerate(histories)), TALKS):
                time.sleep(chance.expovariate(4))
                history.append({"role": "user", "content": prompt(f"{label} {number} {talk} {turn}", 220)})
                good, first, text = ask(history, True, chance.randrange(8, 48))
                if not good:
                    failed.append(text)
                elif turn:
                    times.append(first)
                history.append({"role": "assistant", "content": f"answer {turn}: {prompt(label, 40)}"})

    together([lambda number=number: user(number) for number in range(USERS)])
    return times, len(failed)


def load(rounds: int) -> None:
    replicas = [Replica(0), Replica(1)]
    found: dict[str, dict[str, list[float]]] = {}
    try:
        begin(replicas)
        for number in range(rounds):
            order = choices()
            random.Random(number).shuffle(order)
            for choice in order:
                choice.start()
                try:
                    before = [
                        (one.figure("prefix_cache_hits_total"), one.figure("prefix_cache_queries_total"))
                        for one in replicas
                    ]
                    began = time.monotonic()
                    times, failed = talks(f"{number} {choice.name}")
                    wall = time.monotonic() - began
                    after = [
                        (one.figure("prefix_cache_hits_total"), one.figure("prefix_cache_queries_total"))
                        for one in replicas
                    ]
                    megabytes = choice.megabytes()
                finally:
                    choice.stop()
                hits, asked = (sum(b[part] - a[part] for a, b in zip(before, after)) for part in (0, 1))
                spread = max(b[1] - a[1] for a, b in zip(before, after)) / asked
                row = found.setdefault(
                    choice.name, {"ttft": [], "hit": [], "wall": [], "failed": [], "spread": [], "mb": []}
                )
                row["ttft"] += times
                for key, value in (
                    ("hit", hits / asked),
                    ("wall", wall),
                    ("failed", failed),
                    ("spread", spread),
                    ("mb", megabytes),
                ):
                    row[key].append(value)
                print(
                    f"round {number + 1}: {choice.name}: hits {hits / asked:.0%}, {wall:.1f} s, {failed} failed",
                    flush=True,
                )
    finally:
        for replica in replicas:
            replica.end(signal.SIGKILL)
    print("\n| choice | cache hits | TTFT p50 | TTFT p95 | all requests | busier replica | failed | memory |")
    print("|" + "---|" * 8)
    for name, row in found.items():
        times = sorted(row["ttft"])
        p95 = times[int(len(times) * 0.95)]
        print(
            f"| {name} | {statistics.mean(row['hit']):.0%} | {statistics.median(times):.2f} s | {p95:.2f} s "
            f"| {statistics.mean(row['wall']):.1f} s | {statistics.mean(row['spread']):.0%} | {sum(row['failed']):.0f} "
            f"| {max(row['mb']):.0f} MB |"
        )


class Traffic:
    """Four callers, every second one streaming, until told to stop; what failed and when."""

    def __init__(self, label: str) -> None:
        self.over = threading.Event()
        self.asked = 0
        self.failed: list[tuple[bool, str]] = []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._caller, args=(label, number)) for number in range(4)]
        for thread in self.threads:
            thread.start()

    def _caller(self, label: str, number: int) -> None:
        turn = 0
        while not self.over.is_set():
            turn += 1
            good, _first, text = ask(prompt(f"{label} {number} {turn}", 60), number % 2 == 0)
            with self.lock:
                self.asked += 1
                if not good:
                    self.failed.append((number % 2 == 0, text))
            time.sleep(0.2)

    def end(self) -> str:
        self.over.set()
        for thread in self.threads:
            thread.join()
        streams = sum(stream for stream, _text in self.failed)
        said = f"{self.asked} asked, {streams} streams and {len(self.failed) - streams} others failed"
        return said + (f" (e.g. {self.failed[0][1][:160]})" if self.failed else "")


PHASES = ("drained, then restarted", "restarted", "restarted, finishing its answers", "killed")


def ends() -> None:
    replicas = [Replica(0), Replica(1)]
    try:
        begin(replicas)
        for choice in choices():
            choice.start()
            try:
                for what in PHASES if choice.router is None else [row for row in PHASES if "finishing" not in row]:
                    end(choice, replicas[WAITS if "finishing" in what else 0], what)
            finally:
                choice.stop()
    finally:
        for replica in replicas:
            replica.end(signal.SIGKILL)


def end(choice: Choice, one: Replica, what: str) -> None:
    """A replica ends and comes back while callers ask."""
    traffic = Traffic(what)
    try:
        time.sleep(3)
        if what.startswith("drained"):
            choice.drain(one.number)
            until = time.monotonic() + 60
            while one.figure("num_requests_running") + one.figure("num_requests_waiting") and time.monotonic() < until:
                time.sleep(0.2)
        one.end(signal.SIGKILL if what == "killed" else signal.SIGTERM)
        one.start()
        one.ready()
        if what.startswith("drained"):
            choice.back(one.number)
        time.sleep(4)
    finally:
        print(f"{choice.name}: {what}: {traffic.end()}", flush=True)
    wait_used(one)


def wait_used(replica: Replica, limit: float = 60) -> None:
    """A replica that came back must be asked again."""
    began, before = time.monotonic(), replica.figure("request_success_total")
    while replica.figure("request_success_total") == before and time.monotonic() - began < limit:
        together(
            [lambda number=number: ask(prompt(f"again {number} {time.monotonic()}", 60), False) for number in range(4)]
        )
    print(f"    asked again after {time.monotonic() - began:.0f} s more", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the replicas end too
    what = sys.argv[1] if len(sys.argv) > 1 else "both"
    if what != "ends":
        load(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
    if what != "load":
        ends()
