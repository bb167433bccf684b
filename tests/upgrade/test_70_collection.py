# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An appliance that an earlier collection made, taken to this one and back. In order, on a node of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import asked
import labctl
import pytest

EARLIER, CALLED = "349f8c3f", "0.9.0"  # the first that keeps generations; its galaxy.yml has the number of today
SEEN: dict[str, Any] = {}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory) -> Path:
    """The tree of then, under another number."""
    tree = tmp_path_factory.mktemp("earlier")
    packed = subprocess.run(["git", "archive", EARLIER], cwd=labctl.ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x"], cwd=tree, input=packed, check=True)
    told = (tree / "galaxy.yml").read_text(encoding="utf-8")
    (line,) = [line for line in told.splitlines() if line.startswith("version: ")]
    (tree / "galaxy.yml").write_text(told.replace(line, f"version: {CALLED}"), encoding="utf-8")
    return tree


def test_an_appliance_of_an_earlier_collection(before, earlier, tmp_path):
    labctl.clean_node()
    done = asked.run("collection-first", before, tree=earlier)
    assert done.ok, done.story()
    asked.SEEN.clear()  # sessions of another node
    asked.people(tmp_path)
    SEEN.update(left=labctl.node(asked.LEFT), had=asked.everything())
    assert asked.answers(asked.A)


def test_to_this_one(before):
    with asked.Downtime() as down:
        done = asked.run("collection-upgrade", before, "upgrade")
    assert done.ok, done.story()
    print(f"    {done.seconds:.0f} s, {down.seconds:.0f} s of them without an answer")
    assert f"collection: {CALLED} ->" in done.output
    assert asked.answers(asked.A) and asked.everything() == SEEN["had"]


def test_site_has_nothing_to_do_after_it(before):
    asked.nothing_changed(asked.run("collection-site", before))


def test_back(before):
    """Units, settings and images of then, byte for byte."""
    done = asked.run("collection-rollback", before, "rollback")
    assert done.ok, done.story()
    assert labctl.node(asked.LEFT) == SEEN["left"]
    assert asked.answers(asked.A) and asked.everything() == SEEN["had"]


def test_the_earlier_collection_goes_on_from_there(before, earlier):
    """It puts back what is no part of a generation, its programs and the plan's pages, and then has nothing to do."""
    done = asked.run("collection-then", before, tree=earlier)
    assert done.ok and asked.answers(asked.A) and asked.everything() == SEEN["had"], done.story()
    asked.nothing_changed(asked.run("collection-then-again", before, tree=earlier))
