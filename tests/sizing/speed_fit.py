# SPDX-License-Identifier: GPL-3.0-or-later
"""The measured constants of the roofline, fitted again from runs; and how well they do on sources that they never saw.

Each is held near what it is for all cards or engines, so that a single source moves it only as far as it must.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape

from tests.sizing.speed_cases import GPUS, figures, source_of

Case = dict[str, Any]
Constants = dict[str, dict[str, Any]]
Known = tuple[Case, Shape]
# Where a fit begins and to what it is drawn back: (value, how far it may well be off, as a factor).
START = {
    "memory": (0.75, 1.3), "compute": (0.45, 1.6), "step_us": (1500.0, 2.0), "layer_us": (40.0, 2.0),
    "eager_us": (300.0, 2.0),
    "experts_us": (60.0, 2.5), "index_us": (300.0, 4.0), "request_us": (30.0, 2.0), "packed": (0.8, 1.3),
    "grouped": (0.6, 1.6),
    "latency_us": (12.0, 2.0), "share": (0.5, 1.5),
}  # fmt: skip
START_OF = {("link-pcie", "latency_us"): (30.0, 2.0), ("link-pcie", "share"): (0.3, 1.5)}
MOST = {"memory": 1.0, "compute": 1.0, "packed": 1.0, "grouped": 1.0, "share": 1.0}
FIXED = ("runs", "sources", "engine", "also", "until", "spread", "gbps")
NOT_FITTED = ("link-nodes", "spread")  # nobody measured the first; the second is what a fit leaves
OLD_VLLM = (0, 8)  # its first engine; the row engine-vllm@0.8
DRAW = 0.1  # how much a factor of one width weighs, where a run that is off by the factor e weighs 1
SWEEPS = 22


def begin(constants: Constants) -> Constants:
    """The same rows with every fitted value at its start."""
    fresh: Constants = {}
    for name, row in constants.items():
        fresh[name] = {
            key: value
            if key in FIXED or name in NOT_FITTED or not isinstance(value, (int, float))
            else start(name, key)[0]
            for key, value in row.items()
        }
    return fresh


def start(name: str, key: str) -> tuple[float, float]:
    return START_OF.get((name, key), START[key])


def concerns(name: str, case: Case) -> bool:
    """Whether a row of the constants counts for a case."""
    if name.startswith("family-"):
        return GPUS[case["gpu"]]["speed"]["family"] == name[len("family-") :]
    if name.startswith("link-"):
        return case["tensor"] > 1 and bool(GPUS[case["gpu"]].get("nvlink")) is (name == "link-nvlink")
    engine = "llamacpp" if case["engine"] == "ollama" else case["engine"]
    own, _at, until = name[len("engine-") :].partition("@")
    old = engine == "vllm" and version_key(case["version"]) < OLD_VLLM
    return engine == own and bool(until) is old


def loss(known: Iterable[Known], weights: dict[str, float], constants: Constants) -> float:
    total = 0.0
    for case, shape in known:
        errors = [
            math.tanh(abs(math.log(guess / measured)))  # one that is hopeless counts no more than one that is bad
            for what, measured, guess in figures(case, shape, constants)
            if not (what == "ttft" and case["concurrency"] > 1)  # under load it depends on how requests arrive
        ]
        total += weights[source_of(case)] * sum(errors) / max(1, len(errors))
    return total


def drawn(name: str, key: str, value: float) -> float:
    middle, width = start(name, key)
    return DRAW * abs(math.log(value / middle) / math.log(width))


def fit(known: list[Known], constants: Constants) -> Constants:
    """The constants that these runs say, one after another, in ever smaller steps."""
    counts = Counter(source_of(case) for case, _shape in known)
    weights = {source: count**-0.5 for source, count in counts.items()}
    found = begin(constants)
    about = {name: [row for row in known if concerns(name, row[0])] for name in found}
    width = 2.0
    for _sweep in range(SWEEPS):
        for name, row in found.items():
            for key in [key for key in row if key in START and name != "link-nodes" and about[name]]:
                _improve(found, name, key, width, about[name], weights)
        width = max(1.02, width**0.85)
    return found


def _improve(
    found: Constants, name: str, key: str, width: float, known: list[Known], weights: dict[str, float]
) -> None:
    row = found[name]
    tried = []
    for value in dict.fromkeys(min(MOST.get(key, math.inf), row[key] * by) for by in (1, width, 1 / width)):
        row[key] = value
        tried.append((loss(known, weights, found) + drawn(name, key, value), value))
    row[key] = min(tried)[1]


def leave_one_out(known: list[Known], constants: Constants) -> list[tuple[str, list[Known], Constants]]:
    """(source, its runs, the constants that all other sources say)."""
    parts = []
    for source in sorted({source_of(case) for case, _shape in known}):
        others = [row for row in known if source_of(row[0]) != source]
        parts.append((source, [row for row in known if source_of(row[0]) == source], fit(others, constants)))
    return parts
