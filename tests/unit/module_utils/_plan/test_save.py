# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans are kept, and written only where something differs."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.save import (
    as_json,
    check_folder,
    read_plan,
    read_rows,
    save_files,
)


def test_saving(tmp_path):
    folder = str(tmp_path / "plans" / "demo")
    files = {"plan.json": as_json({"a": "中"}), "plan.zh.txt": "x\n"}
    assert save_files(folder, files, True)[0] and not os.path.exists(folder)
    assert save_files(folder, files, False)[0]
    assert save_files(folder, files, False) == (False, [])
    assert json.loads((tmp_path / "plans" / "demo" / "plan.json").read_text()) == {"a": "中"}
    assert {os.stat(os.path.join(folder, name)).st_mode & 0o777 for name in files} == {0o644}, "others may read it"
    changed, diff = save_files(folder, {"plan.zh.txt": "y\n"}, False)
    assert changed and diff[0]["before"] == "x\n"
    assert not [name for name in os.listdir(folder) if name.startswith(".plan-")]
    assert read_rows("") == [] and read_rows(str(tmp_path / "none")) == []


def test_a_place_where_nothing_can_be_written_is_named(tmp_path, monkeypatch):
    check_folder(str(tmp_path / "new" / "demo"))
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("")
    folder = str(tmp_path / "file" / "demo")
    for ask in (lambda: check_folder(folder), lambda: save_files(folder, {"a": "b"}, False)):
        with pytest.raises(Refusal) as caught:
            ask()
        assert caught.value.rule == "LLM541"
        assert folder in caught.value.reason.en and folder in caught.value.reason.zh
        assert "Not a directory" in caught.value.reason.en
        assert "appliance_plan_dir" in caught.value.remedy.en
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(Refusal) as caught:
        check_folder(str(tmp_path / "new" / "demo"))
    assert str(tmp_path) in caught.value.reason.en and "ermission denied" in caught.value.reason.en


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "7", '"text"', "\x00", '{"schema": 1, "args": []}', '{"verdict": "a"}', '{"schema": 2', "[1, 2]"],
)
def test_a_plan_that_this_release_cannot_read_means_plan_again(tmp_path, content):
    path = tmp_path / "plan.json"
    path.write_text(content)
    assert read_plan(str(path)) == {} and read_rows(str(path)) == []
    path.write_bytes(b"\xff\xfe{")
    assert read_plan(str(path)) == {} and read_rows(str(path)) == []
    assert save_files(str(tmp_path), {"plan.json": "{}\n"}, False)[0], "and it is written anew"


def test_a_plan_of_this_release_is_read_again(tmp_path):
    save_files(str(tmp_path), {"plan.json": as_json({"schema": 2, "verdict": "fits"})}, False)
    assert read_plan(str(tmp_path / "plan.json")) == {"schema": 2, "verdict": "fits"}
    assert read_plan(str(tmp_path / "none")) == read_plan("") == {}


def test_what_is_kept_is_for_people_too():
    assert as_json({"b": 1, "a": {"c": "中"}}) == '{\n  "a": {\n    "c": "中"\n  },\n  "b": 1\n}\n'
