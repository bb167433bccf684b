# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module managed_files."""

from __future__ import annotations

import os

import pytest

from tests.unit.modules.run_module import four_states, run

root = pytest.mark.skipif(os.geteuid() != 0, reason="owners are set")


@root
def test_a_list(tmp_path):
    rows = [
        {"path": f"{tmp_path}/d", "state": "directory", "mode": "0700"},
        {"path": f"{tmp_path}/d/x", "content": "one\n"},
        {"path": f"{tmp_path}/d/y", "state": "link", "target": "x"},
        {"path": f"{tmp_path}/gone", "state": "absent"},
    ]
    (tmp_path / "gone").write_text("old")
    answers = four_states("managed_files", {"files": rows})
    assert answers[0]["paths"] == answers[1]["paths"]
    assert list(answers[1]["paths"].values()) == [["missing"], ["missing"], ["missing"], ["there"]]
    assert [part["after_header"] for part in answers[1]["diff"]] == [row["path"] for row in rows]
    assert answers[3]["diff"] == []
    assert ((tmp_path / "d/y").read_text(), (tmp_path / "gone").exists()) == ("one\n", False)


@root
def test_what_shall_not_be_there(tmp_path):
    (tmp_path / "folder/below").mkdir(parents=True)
    (tmp_path / "file").write_text("secret")
    paths = [f"{tmp_path}/{name}" for name in ("folder", "folder/below", "file", "none")]
    answers = four_states("managed_files", {"files": [{"path": f"{tmp_path}/new", "content": "x"}], "absent": paths})
    assert list(answers[1]["paths"]) == [f"{tmp_path}/new", *paths[:3]]
    assert os.listdir(tmp_path) == ["new"] and "secret" not in str(answers)
    assert run("managed_files", {"files": [], "absent": [paths[0], paths[0]]})["rule"] == "LLM197"


@root
def test_nothing_is_changed_when_one_row_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    rows = [{"path": f"{tmp_path}/first", "content": "x"}, {"path": f"{tmp_path}/folder", "content": "x"}]
    assert run("managed_files", {"files": rows})["rule"] == "LLM171"
    assert not (tmp_path / "first").exists()
    assert run("managed_files", {"files": [rows[0], {**rows[0]}]})["rule"] == "LLM197"
    assert not (tmp_path / "first").exists()
