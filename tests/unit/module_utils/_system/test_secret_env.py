# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables whose values are secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secret_env as core


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a").write_text("first\n")
    (tmp_path / "b").write_text("it's\n")
    return tmp_path


def test_one_secret_several_and_none(folder):
    made = core.content({"ONE": "a", "BOTH": ["a", "", "b"], "NONE": ""}, folder)
    assert made == ("export BOTH='first;;it'\\''s'\nexport NONE=''\nexport ONE='first'\n", [])


def test_every_secret_that_is_not_there_is_named(folder):
    assert core.content({"X": ["gone", "a"], "Y": "lost"}, folder).missing == ["gone", "lost"]
    with pytest.raises(Refusal, match="variable"):
        core.content({"not a name": "a"}, folder)


def test_state(folder):
    path, owner = folder / "own/svc.env", os.geteuid()
    assert core.state(path, owner, "x\n", wanted=True).changed
    assert not core.state(path, owner, "x\n", wanted=False).changed
    if owner == 0:
        core.put(path, owner, "x\n")
        assert core.state(path, owner, "x\n", wanted=True) == (False, [])
        assert core.state(path, owner, "y\n", wanted=True) == (True, [])
        path.chmod(0o644)
        assert core.state(path, owner, "x\n", wanted=True) == (True, ["mode 0644"])
        core.remove(path)
        assert not path.exists()


def test_a_difference_shows_names_alone():
    path, names = Path("/run/svc.env"), {"B": "b", "A": "a"}
    after = "/run/svc.env: A B\n"
    before = "/run/svc.env: other values\n"
    assert core.diff(path, names, core.State(True, []), True) == {"before": before, "after": after}
    assert core.diff(path, names, core.State(False, []), True) == {"before": after, "after": after}
    assert core.diff(path, names, core.State(True, []), False) == {"before": after, "after": ""}
