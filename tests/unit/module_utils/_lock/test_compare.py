# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Differences are told one by one, as a person reads them."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import compare as core

from tests.unit.module_utils._lock.a_state import A, C, locked

STATE = locked()
MODEL = next(iter(STATE["models"]))


def changed(*path, to=None):
    """The state with one value changed, or without it."""
    state = copy.deepcopy(STATE)
    inner = state
    for name in path[:-1]:
        inner = inner[name]
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return state


def told(after):
    return [row.text() for row in core.differences(STATE, after)]


def test_nothing_differs():
    assert told(STATE) == [] and core.clashes(STATE, STATE) == []


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (changed("images", "vllm-cuda", "digest", to=C), f"images.vllm-cuda.digest: {A} -> {C}"),
        (changed("nodes", "n1", "packages", "nginx", to="1.27"), "nodes.n1.packages.nginx: 1.22.1-9 -> 1.27"),
        (changed("nodes", "n1", "packages", "nginx"), "nodes.n1.packages.nginx: 1.22.1-9 -> -"),
        (changed("nodes", "n1", "packages", "redis", to="7"), "nodes.n1.packages.redis: - -> 7"),
        (changed("wheels", "ansible-core", to="2.20"), "wheels.ansible-core: 2.19.14 -> 2.20"),
        (changed("models", MODEL, "files", "config.json"), f"models.{MODEL}: - config.json (700 B)"),
    ],
)
def test_one_change_is_one_line(after, line):
    assert told(after) == [line]


def test_what_only_one_side_knows_is_no_clash():
    assert core.clashes(STATE, changed("images", "vllm-cuda", "digest")) == []
    assert core.clashes(changed("images", "vllm-cuda", "id"), STATE) == []
    assert core.clashes(STATE, changed("models", MODEL, "files")) == []
    (row,) = core.clashes(STATE, changed("images", "vllm-cuda", "digest", to=C))
    assert row.what == "images.vllm-cuda.digest"


def test_one_that_went_for_one_that_came():
    after = changed("images", "open-webui")
    assert core.clashes(STATE, after) == core.clashes(after, STATE) == []
    after["images"]["other"] = {"ref": "x:1"}
    assert core.clashes(STATE, after) == [core.Difference("images", "open-webui", "other")]
