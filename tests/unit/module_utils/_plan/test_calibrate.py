# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is learned from an engine's log."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.calibrate import (
    add_rows,
    compare,
    kv_factor,
    learn,
    parse_log,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.on_gpus import memory_part

from tests.sizing.common import declared, first_unit, plan, totals

LOG = """INFO non-default args: {}
INFO GPU KV cache size: 1 tokens
INFO non-default args: {'model': 'x'}
INFO Model loading took 41.02 GiB and 60 seconds
INFO Available KV cache memory: 30.10 GiB
INFO Available KV cache memory: 29.90 GiB
INFO GPU KV cache size: 929,120 tokens
INFO Maximum concurrency for 32,768 tokens per request: 28.35x
"""


def test_learning_from_a_log(catalog):
    measured = parse_log(LOG)
    assert measured == {"weights_gib": 41.02, "kv_gib": 29.9, "kv_tokens": 929120, "concurrency": 28.35}
    made = plan(catalog, declared("h20-96g", 8, 2), profile="flagship")
    row, warnings = compare(made, first_unit(made), measured)
    assert warnings[0]["id"] == "LLM535" and "929120" in warnings[0]["en"]
    assert row["gpu"] == "h20-96g" and 0.7 < row["kv_factor"] < 0.85
    near = dict(measured, kv_tokens=first_unit(made)["capacity"]["kv_tokens_best"] * 0.9)
    assert not compare(made, first_unit(made), near)[1]
    other = {"schema": 2, "gpu": "other"}
    assert add_rows([row, other], [row]) == [other, row]
    assert kv_factor([row], "0.32.0", "h20-96g") == row["kv_factor"]
    assert parse_log("nothing here") == {}


def test_learning_on_a_cpu(catalog):
    lab = plan(catalog, declared("", 0, memory_gib=24), profile="lab")
    found = learn(lab, {"yitiji-vllm": "CPU KV cache size: 131,072 tokens, Maximum concurrency for 2,048"})
    assert found["rows"][0]["kv_factor"] == 1.0 and not found["warnings"]


def test_each_engine_is_compared_with_its_own_part(catalog):
    """Two engines of one model, each as large as planned: nothing is learned that makes the next plan smaller."""
    made = plan(catalog, declared("rtx-4090-24g", 4), profile="basic", concurrency=16, replicas=2)
    best = first_unit(made)["capacity"]["kv_tokens_best"]
    logs = {f"yitiji-vllm-{number}": f"GPU KV cache size: {best} tokens" for number in (1, 2)}
    found = learn(made, logs)
    assert not found["warnings"] and set(found["measured"]) == set(logs)
    (row,) = found["rows"]
    assert row["kv_factor"] == 1.0
    again = plan(catalog, declared("rtx-4090-24g", 4), profile="basic", concurrency=16, replicas=2, calibration=[row])
    assert totals(again) == totals(made)


def test_of_two_engines_the_smaller_cache_is_learned(catalog):
    made = plan(catalog, declared("rtx-4090-24g", 4), profile="basic", concurrency=16, replicas=2)
    best = first_unit(made)["capacity"]["kv_tokens_best"]
    logs = {f"yitiji-vllm-{n}": f"GPU KV cache size: {best // n} tokens" for n in (1, 2)}
    found = learn(made, logs)
    assert [row["kv_factor"] for row in found["rows"]] == [0.5]
    assert [warning["id"] for warning in found["warnings"]] == ["LLM535"]
    assert "yitiji-vllm-2" in found["warnings"][0]["en"]
    assert learn(made, dict(reversed(logs.items())))["rows"] == found["rows"]


def test_rows_of_before_are_neither_used_nor_kept(catalog):
    """They may compare one engine with the sum of two."""
    old = {"engine": "vllm", "version": "0.32.0", "gpu": "rtx-4090-24g", "kv_factor": 0.5}
    assert kv_factor([old], "0.32.0", "rtx-4090-24g") == 1.0
    assert add_rows([old], []) == []
    plain, learned = (plan(catalog, declared("rtx-4090-24g", 2), calibration=rows) for rows in ([], [old]))
    assert totals(plain) == totals(learned)


@pytest.mark.parametrize(
    ("correction", "factor", "short", "less"),
    [
        (0.0, 1.0, 0.0, 0.0),
        (2.0, 1.0, 0.0, 1.0),  # heavier weights, half of it on each of two cards
        (-2.0, 1.0, 0.0, -0.78),  # what was lighter takes the place of the margin, not more
        (0.0, 0.9, 0.0, 1.0),  # a tenth of the cache
        (0.0, 1.5, 0.0, 0.0),  # more than planned is no promise
        (2.0, 1.0, 5.0, 4.22),  # what was short takes the place of margin and correction
    ],
)
def test_what_was_learned_leaves_less_for_the_cache(correction, factor, short, less):
    """On a card of 24 GiB with 10 for the cache, of which 0.78 are kept back as margin."""
    memory = SimpleNamespace(kv=10.0, weights=8.0, activation=1.0, graphs=0.5, non_torch=0.5, budget=20.0)
    problem = SimpleNamespace(correction_gib=correction, total_gib=24.0, shape=None, short_gib=short, kv_factor=factor)
    parts = memory_part(problem, SimpleNamespace(layout=SimpleNamespace(ranks=2)), memory)
    assert parts["kv"] == pytest.approx(10 - 0.78 - less)
    assert parts["weights"] == pytest.approx(8 + correction / 2)
