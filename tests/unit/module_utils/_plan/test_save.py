# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans are kept, and written only where something differs."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.save import (
    as_json,
    check_folder,
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
