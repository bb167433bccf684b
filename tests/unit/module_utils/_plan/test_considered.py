# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan could do otherwise, with its numbers."""

from __future__ import annotations

import pytest

from tests.sizing.common import declared, plan, totals


def told(made, what):
    return [row for row in made["why"] if row["key"] == what]


def test_attention_by_data_is_sized_and_not_taken(catalog):
    """R1 on eight H200: TP keeps eight copies of one cache; cards on their own hold less each, and no copies."""
    made = plan(catalog, declared("h200-141g", 8), profile="standard", model="deepseek-r1-671b")
    (row,) = told(made, "layout.data_attention")
    tokens, longest = (int(word.replace(",", "")) for word in row["rule"]["en"].split() if word[0].isdigit())
    assert row["value"] is False and tokens == 8 * longest
    assert longest < totals(made)["kv_tokens"] < tokens
    assert f"{tokens:,}" in row["rule"]["zh"] and "not taken" in row["rule"]["en"]


@pytest.mark.parametrize(("model", "gpu", "count", "more"), [
    ("deepseek-r1-70b", "h200-141g", 8, {}), ("qwen3-235b-a22b", "h200-141g", 8, {}),
    ("deepseek-r1-671b", "b300-288g", 8, {"engine": "sglang"}),
])  # fmt: skip
def test_where_there_are_no_copies_it_is_not_considered(catalog, model, gpu, count, more):
    made = plan(catalog, declared(gpu, count), model=model, **more)
    assert told(made, "layout.data_attention") == []


def test_what_speculation_would_take(catalog):
    made = plan(catalog, declared("h200-141g", 8), profile="standard", model="deepseek-r1-671b")
    (row,) = told(made, "speculation")
    assert row["value"] == "none" and "1.6 % more cache" in row["rule"]["en"]  # one layer beside 61
    assert told(plan(catalog, declared("h200-141g", 1)), "speculation") == []
