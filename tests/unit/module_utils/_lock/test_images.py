# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of the images that this project brought, those of the newest generation and of the way back stay."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations, history
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import images as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import brought

STATE = {"collection": "1", "engine": "vllm 0.31", "images": {}, "models": {}, "nodes": {}}


class Docker:
    """Its images; those that a container has or that have more names can't be removed."""

    def __init__(self, *there, used=()):
        self.there, self.used, self.asked = set(there), set(used), []

    def ask(self, words):
        self.asked.append(words[2])
        if words[2] == "ls":
            return "\n".join(sorted(self.there))
        assert words[:3] == ["docker", "image", "rm"] and len(words) == 4, "never by force"
        if words[3] in self.used:
            return ""
        self.there.remove(words[3])
        return f"Deleted: {words[3]}\n"


@pytest.fixture
def node(tmp_path):
    """Generations of an image each, of which the text of a unit names another; all were brought."""
    folder, note = str(tmp_path / "generations"), str(tmp_path / "brought")

    def generation(name, of=0):
        unit = {"mode": 0o644, "uid": 0, "gid": 0, "text": f"docker run sha256:unit-{name}"}
        row = history.made(STATE, {"r/x:1": f"sha256:{name}"}, {"/etc/x": unit}, plan={}, by="", verdict="converged")
        history.keep(row, folder, of)
        brought.note({*brought.ids(note), f"sha256:{name}", f"sha256:unit-{name}"}, note)
        return generations.rows(folder)

    generation.note = note
    return generation


def both(*names):
    return {f"sha256:{part}{name}" for name in names for part in ("", "unit-")}


def test_two_generations_keep_theirs_and_a_third_lets_the_first_go(node):
    docker = Docker(*both("a", "b", "c"), "sha256:of-somebody")
    assert core.drop(node("a"), docker.ask, node.note) == []
    assert core.drop(node("b"), docker.ask, node.note) == [] and docker.asked == [], "nothing to ask Docker for"
    assert core.drop(node("c"), docker.ask, node.note) == sorted(both("a"))
    assert docker.there == {*both("b", "c"), "sha256:of-somebody"} and {*brought.ids(node.note)} == both("b", "c")


def test_what_a_failed_upgrade_had_fetched_goes_with_the_next_generation(node):
    node("a")
    brought.note({*both("a"), "sha256:failed"}, node.note)
    docker = Docker(*both("a", "b"), "sha256:failed")
    assert core.drop(node("b"), docker.ask, node.note) == ["sha256:failed"] and docker.there == both("a", "b")


def test_what_somebody_uses_stays_and_is_asked_for_again(node):
    docker = Docker(*both("a", "b", "c"), used=["sha256:a"])
    node("a"), node("b")
    assert core.drop(node("c"), docker.ask, node.note) == ["sha256:unit-a"]
    assert {*brought.ids(node.note)} == {*both("b", "c"), "sha256:a"}
    docker.used.clear()
    assert core.drop(generations.rows(node.note[:-7] + "generations"), docker.ask, node.note) == ["sha256:a"]


def test_what_others_removed_is_forgotten_unless_docker_is_silent(node):
    node("a"), node("b")
    rows = node("c")
    assert core.drop(rows, lambda _words: "", node.note) == [] and {*brought.ids(node.note)} == both("a", "b", "c")
    assert core.drop(rows, Docker(*both("b", "c")).ask, node.note) == []
    assert {*brought.ids(node.note)} == both("b", "c")


def test_after_going_back_what_was_left_goes_with_the_next_generation(node):
    node("a"), node("b")
    node("a", of=1)
    docker = Docker(*both("a", "b", "c"))
    assert core.drop(node("c"), docker.ask, node.note) == sorted(both("b")) and docker.there == both("a", "c")
