# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of questions: only of what exporters really serve, and only with what bounds the answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._console import queries
from ansible_collections.yitiji.deepseek.plugins.module_utils._monitoring.figures import HELP

METRICS = Path(__file__).resolve().parents[3] / "fixtures/metrics"
ALL = {**queries.NOW, **queries.SERIES["engine"], **queries.SERIES["nodes"], "daily": queries.DAILY}
METRIC = re.compile(r"\b(?:vllm:|node_|nginx_|DCGM_|yitiji_)\w+")


def served() -> set[str]:
    names = set(HELP)
    for path in [*METRICS.glob("*.txt"), *METRICS.glob("*.prom")]:
        names |= set(re.findall(r"^([A-Za-z_:]+)", path.read_text(), re.MULTILINE))
    return names


@pytest.mark.parametrize("name", sorted(ALL))
def test_it_asks_for_what_is_served(name):
    assert set(METRIC.findall(ALL[name])) - served() == set()


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_answer_is_of_few_series(name):
    """One a node, card, engine or disk: labels that grow without end, such as users' or requests', are summed away."""
    assert re.search(r"\b(sum|min|max|avg)\b", ALL[name])
    labels = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", ALL[name]))))
    assert labels <= {"node", "gpu", "mountpoint", "instance", "le", "model", "model_name", "finished_reason"}


def test_points_are_bounded():
    assert {name: seconds // step for name, (seconds, step, _often) in queries.WINDOWS.items()} == {
        "hour": 120,
        "day": 144,
    }
    assert all(often >= step / 2 for _seconds, step, often in queries.WINDOWS.values())
