# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's starts that were measured on a card here (docs/gpu-tested.md), against the planner."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.memory import margin_gib, predict

from tests.sizing.cases import find_shape, load, run_of

DATA = Path(__file__).resolve().parents[2] / "sizing" / "data"
CASES, MODELS = load(str(DATA / "cases.jsonl"), str(DATA / "models.json"))
HERE = [case for case in CASES if case["id"].startswith("here-")]


def test_there_are_some():
    assert len(HERE) == 8


@pytest.mark.parametrize("case", HERE, ids=lambda case: case["id"])
def test_the_plan_is_within_its_margin(case):
    shape = find_shape(case, MODELS)
    run = run_of(case, shape)
    memory, measured = predict(shape, run), case["measured"]
    margin = margin_gib(run.total_gib)
    assert abs(memory.kv - measured["kv_gib_per_gpu"]) < margin
    assert memory.tokens(margin=margin) <= measured["kv_tokens"]
    assert abs(memory.tokens() / measured["kv_tokens"] - 1) < 0.03
    assert abs(memory.weights / measured["weights_gib_per_gpu"] - 1) < 0.02


def test_the_page_says_the_same():
    page = (DATA.parents[2] / "docs" / "gpu-tested.md").read_text(encoding="utf-8")
    for case in HERE:
        shape = find_shape(case, MODELS)
        memory = predict(shape, run_of(case, shape))
        assert f"| {memory.tokens():,} | {case['measured']['kv_tokens']:,} |" in page, case["id"]
