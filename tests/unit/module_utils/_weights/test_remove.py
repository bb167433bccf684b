# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing weights: ours alone, and never while in use."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    STAMP,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import remove


def test_removal_leaves_foreign_files(installed):
    (installed / "sub/mine").write_text("x")
    assert sorted(remove.remove_all(str(installed), "o/m", True))[-1] == "sub/a" and (installed / "b").exists()
    remove.remove_all(str(installed), "o/m", False)
    assert [str(path.relative_to(installed)) for path in sorted(installed.rglob("*"))] == ["sub", "sub/mine"]
    assert remove.remove_all(str(installed), "o/m", False) == []


def test_removal_of_all(installed):
    remove.remove_all(str(installed), "o/m", False)
    assert not installed.exists()


def test_no_removal_of_another_model(installed):
    with pytest.raises(Refusal, match="it holds o/m"):
        remove.remove_all(str(installed), "o/other", False)


def test_no_removal_while_in_use(installed, monkeypatch):
    monkeypatch.setattr(remove.os, "getpid", lambda: 0)  # this process counts as another
    with open(installed / "b"), pytest.raises(Refusal) as caught:
        remove.remove_all(str(installed), "o/m", False)
    assert caught.value.rule == "LLM619" and (installed / STAMP).exists()
