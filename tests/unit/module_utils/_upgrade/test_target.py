# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the nodes of a deployment go back to: all of them to the same model, whatever each has kept."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations, history
from ansible_collections.yitiji.deepseek.plugins.module_utils._upgrade import target

NODES = ("head", "worker")


def plan(model, page="1", deployment="d"):
    nodes = {name: {"head": name == "head", "units": [{"args": [model]}]} for name in NODES}
    return {
        "deployment": deployment, "engine": {"name": "vllm", "version": "0.32.0"}, "model": {"served_name": model},
        "chat": {"image": page}, "nodes": nodes,
    }  # fmt: skip


class Node:
    def __init__(self, folder):
        self.folder = str(folder)

    def run(self, model, page="1", digest=None):
        """A run that arrived; a node keeps it where it is other than before."""
        content = {"digest": digest or model, "files": {}, "images": {}, "state": {}, "plan": plan(model, page)}
        history.keep({**content, "verdict": "converged", "by": "", "why": ""}, self.folder)
        history.finish(self.folder)

    def note(self):
        history.begin(generations.behind(self.folder)["number"], self.folder)

    def choose(self, wanted, node):
        kept, mark = generations.rows(self.folder), generations.unfinished(self.folder)
        return target.choose(kept, mark, generations.behind(self.folder), wanted, node)


@pytest.fixture
def pair(tmp_path):
    return {name: Node(tmp_path / name) for name in NODES}


def goes(pair):
    """The model and page to which each of them goes, or None where that is refused."""
    found = {name: target.told(node.folder) for name, node in pair.items()}
    rows = {name: node.choose(target.common(found, name), name) for name, node in pair.items()}
    return {name: (row["plan"]["model"]["served_name"], row["plan"]["chat"]["image"]) for name, row in rows.items()}


def both(pair, *runs):
    for node in pair.values():
        for run in runs:
            node.run(*run)


def test_together(pair):
    both(pair, ("a",), ("b",))
    assert goes(pair) == {"head": ("a", "1"), "worker": ("a", "1")}


def test_what_only_the_head_has_is_taken_back_there_alone(pair):
    """Another page after an upgrade: the worker serves the right model already."""
    both(pair, ("a",), ("b",))
    pair["head"].run("b", "2", "b with another page")
    assert goes(pair) == {"head": ("b", "1"), "worker": ("b", "1")}


def test_where_one_has_not_arrived_who_has_is_back_or_follows(pair):
    both(pair, ("a",), ("b",))
    pair["worker"].note()  # it failed on the way to c, and could not be reached when the head went back to b
    assert goes(pair) == {"head": ("b", "1"), "worker": ("b", "1")}
    pair["head"].run("c")  # the head arrived, the worker's note is of b
    assert goes(pair) == {"head": ("b", "1"), "worker": ("b", "1")}


def test_a_page_that_arrived_on_the_head_goes_back_with_the_others(pair):
    both(pair, ("a",))
    pair["worker"].note()
    pair["head"].run("a", "2", "a with another page")
    assert goes(pair) == {"head": ("a", "1"), "worker": ("a", "1")}


def test_both_on_their_way(pair):
    both(pair, ("a",), ("b",))
    pair["head"].note()
    pair["worker"].note()
    assert goes(pair) == {"head": ("b", "1"), "worker": ("b", "1")}


def test_a_node_that_kept_another_model_is_refused(pair):
    pair["head"].run("a")
    both(pair, ("b",))
    with pytest.raises(Refusal) as caught:
        goes(pair)
    assert caught.value.rule == "LLM583", "none was kept"
    pair["worker"].run("c")
    pair["head"].run("c")
    pair["worker"].run("d")
    pair["worker"].run("e")
    with pytest.raises(Refusal) as caught:
        goes(pair)
    assert caught.value.rule == "LLM583" and "is none of b" in caught.value.reason.en


def test_deployments_go_by_themselves(pair):
    both(pair, ("a",), ("b",))
    found = {name: target.told(node.folder) for name, node in pair.items()}
    for row in (found["worker"]["now"], found["worker"]["plan"]):
        row["deployment"] = "another"
        row["nodes"]["worker"]["head"] = True
    assert target.common(found, "worker") == {} == target.common(found, "head")


def test_a_head_that_is_not_in_the_run_decides_nothing(pair):
    both(pair, ("a",), ("b",))
    assert target.common({"worker": target.told(pair["worker"].folder)}, "worker") == {}


def test_nothing_was_kept(tmp_path):
    node = Node(tmp_path / "none")
    assert target.told(node.folder) == {"unfinished": False, "plan": {}, "now": {}}
    for mark in (0, 3):
        with pytest.raises(Refusal):
            target.choose([], mark, {}, {}, "head")
