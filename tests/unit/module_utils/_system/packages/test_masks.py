# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that must not start, below a folder in place of the node's root."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import masks as core


@pytest.fixture
def node(tmp_path):
    reloads = []
    found = core.Masks(str(tmp_path / "record"), lambda: reloads.append(1), str(tmp_path))
    found.reloads = reloads
    return found


def unit(node, folder, name="a.service"):
    return os.path.join(node.root, folder, name)


def own(node, folder):
    os.makedirs(os.path.join(node.root, folder), exist_ok=True)
    with open(unit(node, folder), "w", encoding="utf-8") as stream:
        stream.write("[Unit]\n")


@pytest.mark.parametrize("folder", core.UNIT_DIRS)
def test_a_unit_that_is_there_is_not_free(node, folder):
    assert node.free(["a.service", "b.service"]) == ["a.service", "b.service"]
    own(node, folder)
    assert node.free(["a.service", "b.service"]) == ["b.service"]


def test_a_mask_for_now_is_noted_lifted_and_forgotten(node):
    node.put_for_now([])
    assert not os.path.exists(node.record)
    node.put_for_now(["b.service", "a.service"])
    node.put_for_now(["a.service"])
    assert node.leftovers() == ["a.service", "b.service"] and core.is_mask(unit(node, core.FOR_NOW))
    assert os.stat(node.record).st_mode & 0o777 == 0o644 and node.kept(["a.service"]) == []
    assert node.lift_for_now() == ["a.service", "b.service"] and node.reloads == [1]
    assert not os.path.lexists(unit(node, core.FOR_NOW)) and node.leftovers() == [] == node.lift_for_now()
    assert node.reloads == [1], "systemd is told only of what changed"


def test_a_mask_that_stays_until_it_is_lifted(node):
    node.put(["a.service"])
    node.put(["a.service"])
    assert node.kept(["a.service", "b.service"]) == ["a.service"] and node.leftovers() == []
    node.lift(["b.service"])
    assert node.reloads == []
    node.lift(["a.service", "b.service"])
    assert node.kept(["a.service"]) == [] and node.reloads == [1]


def test_somebodys_own_unit_is_neither_masked_nor_removed(node):
    own(node, core.KEPT)
    node.put(["a.service"])
    node.lift(["a.service"])
    with open(unit(node, core.KEPT), encoding="utf-8") as stream:
        assert stream.read() == "[Unit]\n"
    os.symlink("/elsewhere", unit(node, core.KEPT, "b.service"))
    node.lift(["b.service"])
    assert os.path.lexists(unit(node, core.KEPT, "b.service")) and not core.is_mask(unit(node, core.KEPT, "b.service"))
