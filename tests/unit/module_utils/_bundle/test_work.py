# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A target named in short is completed."""

from __future__ import annotations

import os
import stat
import threading

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import work


def test_a_target_is_completed():
    known = {"bookworm": {"distribution": "debian", "version": "12", "suites": ["x"]}}
    assert work.target_of({"release": "bookworm", "architecture": "arm64"}, known)["version"] == "12"
    with pytest.raises(Refusal) as refused:
        work.target_of({"release": "sid"}, known)
    assert refused.value.rule == "LLM925"
    with pytest.raises(Refusal) as refused:
        work.target_of({}, known)
    assert refused.value.rule == "LLM932" and "bookworm (debian 12)" in refused.value.remedy.zh


def test_its_package_manager_and_architecture_are_known():
    own = [{"name": "os", "url": "u"}]
    known = {"rocky-9": {"distribution": "rocky", "version": "9", "manager": "dnf", "repositories": own}}
    found = work.target_of({"release": "rocky-9", "architecture": "x86_64"}, known)
    assert (found["manager"], found["architecture"]) == ("dnf", "amd64")
    mine = {"release": "x", "distribution": "x", "version": "1", "architecture": "aarch64"}
    assert work.target_of({**mine, "repositories": own}, {})["manager"] == "dnf"
    assert work.target_of({**mine, "sources": ["deb x"]}, {}) == {
        **mine, "architecture": "arm64", "manager": "apt", "sources": ["deb x"],
    }  # fmt: skip
    for wrong in (mine, {**mine, "manager": "zypper", "repositories": own}):
        with pytest.raises(Refusal) as refused:
            work.target_of(wrong, {})
        assert refused.value.rule == "LLM925"


def test_what_is_missing_is_said_and_what_makes_a_target_is_completed():
    for lost in ("distribution", "version"):
        whole = {"release": "x", "distribution": "x", "version": "1", "suites": ["x"]}
        assert work.target_of(whole, {})["manager"] == "apt"
        with pytest.raises(Refusal) as refused:
            work.target_of({**whole, lost: ""}, {"b": {}, "a": {}})
        assert "a, b" in refused.value.reason.en + refused.value.remedy.en
    own = {"release": "x", "distribution": "x", "version": "1", "repositories": [{"name": "os"}], "manager": "apt"}
    with pytest.raises(Refusal):
        work.target_of(own, {})


def test_packages_of_the_other_kind_are_refused():
    work.check_manager({"manager": "dnf", "release": "r"}, "dnf", [])
    with pytest.raises(Refusal) as refused:
        work.check_manager({"manager": "apt", "release": "r"}, "dnf", ["a"])
    assert refused.value.rule == "LLM925"


def test_programs_speak_english_and_a_missing_one_is_named_by_its_package(monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    said = work.run(["sh", "-c", "echo $LC_ALL $DEBIAN_FRONTEND; echo wrong >&2; exit 3"])
    assert said == (3, "C.UTF-8 noninteractive\n", "wrong\n")
    assert work.run(["sh", "-c", r"printf '\377'"])[1] == "\ufffd"
    monkeypatch.setenv("PATH", "/nowhere")
    for command, package in (("createrepo_c", "createrepo-c"), ("something", "something")):
        with pytest.raises(Refusal) as refused:
            work.run([command, "--version"])
        assert "--version" not in refused.value.reason.en + refused.value.remedy.en
        assert refused.value.rule == "LLM920" and package in refused.value.reason.en + refused.value.remedy.en


def made(tmp_path):
    found = work.Work(work.Spec(str(tmp_path / "b") + "/", [], [], [], [], [], {}, []), lambda *_said: None)
    found.open()
    return found


def test_what_was_hashed_is_remembered_until_it_changes(tmp_path, monkeypatch):
    hashed = []
    real = work.fetch.hash_file
    monkeypatch.setattr(work.fetch, "hash_file", lambda path: hashed.append(path) or real(path))
    (tmp_path / "b/files").mkdir(parents=True)
    path = tmp_path / "b/files/x"
    path.write_bytes(b"one")
    first = made(tmp_path)
    file = first.add("files/x", "archive", name="x")
    assert (file.path, file.size, file.kind, file.name) == ("files/x", 3, "archive", "x") and first.files == [file]
    first.keep()
    again = made(tmp_path)
    assert again.add("files/x", "archive", name="x") == file and len(hashed) == 1
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert again.add("files/x", "archive").sha256 != file.sha256 and len(hashed) == 2
    assert again.add("files/x", "archive", "known").sha256 == "known" and len(hashed) == 2


def test_work_lies_beside_the_bundle_for_nobody_else_to_read(tmp_path):
    (tmp_path / "b/.yitiji-work").mkdir(parents=True)
    assert made(tmp_path).folder == str(tmp_path / "b.work") and not (tmp_path / "b/.yitiji-work").exists()
    assert stat.S_IMODE((tmp_path / "b.work").stat().st_mode) == 0o700
    (tmp_path / "b.work/known.json").write_text("broken")
    assert made(tmp_path).known == {}


def test_a_watch_looks_while_another_program_works_and_ends_with_it():
    looked = threading.Event()
    with work.Watch(looked.set) as watch:
        assert isinstance(watch, work.Watch) and looked.wait(20)
    looked.clear()
    assert not looked.wait(1.2)


def test_a_count_tells_the_sum():
    told = []
    count = work.Count(told.append)
    count.tick(3)
    count.tick(4)
    assert told == [3, 7] and count.done == 7


def test_a_summary_by_kind():
    files = [work.File(str(size), size, "", kind) for size, kind in ((1, "package"), (2, "image"), (4, "package"))]
    assert work.summary(files) == {"package": {"files": 2, "bytes": 5}, "image": {"files": 1, "bytes": 2}}
