# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model's manifest and the stamp of its verification."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models import manifest as models_manifest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    Entry,
    Manifest,
    check_stamp,
    moved,
    selected,
)

FILES = [Entry("config.json", 2, "a" * 64), Entry("original/x.pth", 3, "b" * 64), Entry("m.safetensors", 4, "c" * 64)]


@pytest.fixture
def dest(tmp_path):
    manifest = Manifest("o/m", "master", FILES)
    for file in FILES:
        (tmp_path / file.path).parent.mkdir(exist_ok=True)
        (tmp_path / file.path).write_bytes(b"x" * file.size)
    manifest.save(str(tmp_path / models_manifest.MANIFEST))
    models_manifest.write_stamp(str(tmp_path), manifest, ["*"], [])
    return tmp_path


def paths(include=(), exclude=()):
    return [entry.path for entry in selected(FILES, include, exclude)]


def test_patterns():
    assert paths() == [file.path for file in FILES]
    assert paths(["*.json", "*.safetensors"]) == ["config.json", "m.safetensors"]
    assert paths([], ["original/"]) == ["config.json", "m.safetensors"]
    assert paths(["x.pth"]) == ["original/x.pth"]
    assert paths(["CONFIG.json"]) == []


def test_stamp_stands(dest):
    assert check_stamp(str(dest), "o/m", "master", ["*"], []).valid
    assert check_stamp(str(dest)).valid


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("o/other",), "it holds model o/m"),
        (("o/m", "v2"), "it holds revision master"),
        (("o/m", "master", ["*.json"]), "other include patterns"),
        (("o/m", "master", ["*"], ["x"]), "other exclude patterns"),
    ],
)
def test_stamp_is_of_something_else(dest, arguments, says):
    assert says in check_stamp(str(dest), *arguments).reason


@pytest.mark.parametrize("change", ["touch", "grow", "delete"])
def test_stamp_falls_with_its_files(dest, change):
    path = dest / "m.safetensors"
    if change == "touch":
        os.utime(path, ns=(1, 1))
    if change == "grow":
        path.write_bytes(b"longer")
    if change == "delete":
        path.unlink()
    standing = check_stamp(str(dest))
    assert not standing.valid and standing.changed == ["m.safetensors"]


def test_stamp_is_bound_to_its_manifest(dest):
    Manifest("o/m", "master", FILES[:2]).save(str(dest / models_manifest.MANIFEST))
    assert "another manifest" in check_stamp(str(dest)).reason
    (dest / models_manifest.MANIFEST).write_text("{")
    assert "no manifest" in check_stamp(str(dest)).reason


def test_damaged_stamp(dest):
    (dest / models_manifest.STAMP).write_text("[]")
    assert "no stamp" in check_stamp(str(dest)).reason


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 2}', '{"schema": 1, "files": [{}]}', "\xff"])
def test_damaged_manifest(tmp_path, text):
    (tmp_path / "m").write_text(text)
    assert Manifest.load(str(tmp_path / "m")) is None


def test_json_is_whole_or_not_there(tmp_path, monkeypatch):
    target = tmp_path / "f.json"
    models_manifest.write_json(str(target), {"a": 1})
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        models_manifest.write_json(str(target), {"a": 2})
    assert json.loads(target.read_text()) == {"a": 1} and [path.name for path in tmp_path.iterdir()] == ["f.json"]


def test_what_moved_is_said_by_file():
    assert moved(FILES, FILES) == []
    without = [file._replace(sha256="") for file in FILES]
    assert moved(FILES, without) == [] and moved(without, FILES) == []
    now = [FILES[0]._replace(size=9, sha256="d" * 64), FILES[2]._replace(sha256="e" * 64), Entry("new", 1, "")]
    assert moved(FILES, now) == [
        "config.json (2 B -> 9 B)",
        "m.safetensors (4 B, sha256 cccccccccccc -> eeeeeeeeeeee)",
        "+ new (1 B)",
        "- original/x.pth (3 B)",
    ]
