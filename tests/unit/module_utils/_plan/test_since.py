# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that come and go are told, with what to do."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import noticed
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.since import since

from tests.sizing.common import declared, plan

FACTS = {"gpus": [], "memory": {"total_bytes": 24 * 2**30}, "cpu": {"cores": 2}}


def ids(rows):
    return [row["id"] for row in rows if row["id"] in ("LLM187", "LLM188")]


def on_cpus(*names):
    return {name: {"address": "10.0.0.1", "facts": FACTS} for name in names}


@pytest.mark.parametrize(
    ("nodes", "wish", "told"),
    [
        (on_cpus("gpu01"), {"profile": "lab"}, []),
        (on_cpus("gpu01", "gpu02"), {"profile": "lab"}, ["LLM187"]),
        (declared("rtx-4090-24g", 2, 2), {"engine": "lmdeploy"}, ["LLM187"]),
        (declared("rtx-4090-24g", 2, 2), {"replicas": 2}, ["LLM188"]),
        (declared("h20-96g", 8, 2), {"profile": "flagship", "engine": "sglang"}, []),
    ],
)
def test_a_node_without_work_is_told(catalog, nodes, wish, told):
    made = plan(catalog, nodes, **wish)
    assert ids(made["warnings"]) == told
    idle = [name for name in nodes if name not in made["nodes"]]
    for row in made["warnings"]:
        if row["id"] in told:
            assert all(name in row["en"] and name in row["zh"] for name in idle)
            assert "appliance" in row["remedy"]["en"] and "appliance" in row["remedy"]["zh"]


def kept(*names, head=""):
    return {"nodes": {name: {"address": f"10.0.0.{at}", "head": name == (head or names[0])}
                      for at, name in enumerate(names, 1)}}  # fmt: skip


@pytest.mark.parametrize(
    ("before", "now", "listed", "told"),
    [
        ({}, kept("a"), ["a"], []),
        (kept("a", "b"), kept("a", "b"), ["a", "b"], []),
        (kept("a", "b"), kept("a"), ["a"], ["LLM189"]),
        (kept("a", "b"), kept("a"), ["a", "b"], []),  # listed, but without work: the plan says so
        (kept("a"), kept("b", "a"), ["b", "a"], ["LLM194"]),
        (kept("a"), kept("b"), ["b"], ["LLM189"]),
    ],
)
def test_what_changed_since_the_plan_that_was_kept(before, now, listed, told):
    rows = since(before, now, listed)
    assert [row["id"] for row in rows] == told
    text = "".join(noticed(row, "demo") for row in rows)
    assert "{" not in text
    if told == ["LLM189"]:
        gone = next(name for name in before["nodes"] if name not in listed)
        assert f"--limit {gone}`" in text and f"{gone} (10.0.0." in text


def test_the_old_and_the_new_head_are_told_apart():
    (row,) = since(kept("east"), kept("west", "east"), ["west", "east"])
    assert "was east and is now west" in noticed(row, "demo") or "was east and is now west" in row["en"]
