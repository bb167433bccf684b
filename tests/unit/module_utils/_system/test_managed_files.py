# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import managed_files as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run

ME = {"owner": str(os.getuid()), "group": str(os.getgid())}


def one(**row):
    return core.wanted([{"state": "file", **ME, **row}])[0]


@pytest.mark.parametrize("rows, words", [
    ([{"path": "etc/x", "state": "file", "content": ""}], "not absolute"),
    ([{"path": "/", "state": "absent"}], "not absolute"),
    ([{"path": "/..", "state": "absent"}], "not absolute"),
    ([{"path": "/x", "state": "file"}], "content is missing"),
    ([{"path": "/x", "state": "link"}], "target is missing"),
    ([{"path": "/x", "state": "directory", "content": ""}], "content does not go"),
    ([{"path": "/x", "state": "link", "copy_of": "/y"}], "copy_of does not go"),
    ([{"path": "/x", "state": "absent", "target": "/y"}], "target does not go"),
    ([{"path": "/x", "state": "link", "target": "/y", "validate": "true %s"}], "validate does not go"),
    ([{"path": "/x", "state": "file", "content": "", "validate": "nft --check"}], "%s"),
    ([{"path": "/x", "state": "file", "content": {"a": 1}}], "not a text"),
    ([{"path": "/x", "state": "file", "content": "", "mode": "rw-r--r--"}], "octal"),
    ([{"path": "/x", "state": "file", "content": "", "mode": "420"}, {"path": "/x/", "state": "absent"}], "row 1"),
    ([{"path": "/x", "state": "file", "content": "", "mode": "77777"}], "octal"),
    ([{"path": "/x", "state": "file", "content": "", "mode": "-644"}], "octal"),
])  # fmt: skip
def test_a_row_that_means_nothing_is_refused(rows, words):
    with pytest.raises(Refusal) as told:
        core.wanted(rows)
    assert told.value.rule == "LLM197"
    assert words in told.value.reason.en


def test_modes_that_are_not_given():
    file, folder = core.wanted([
        {"path": "/a", "state": "file", "content": ""}, {"path": "/b", "state": "directory"},
    ])  # fmt: skip
    assert (file.mode, file.owner, folder.mode) == (0o644, "root", 0o755)


def test_a_copy_of_a_file_on_the_node_comes_once_that_is_there(tmp_path):
    rows = [{"path": str(tmp_path / "copy"), "state": "file", "copy_of": str(tmp_path / "ca.crt")}]
    assert core.wanted(rows) == []
    (tmp_path / "ca.crt").write_text("PEM\n")
    assert [row.content for row in core.wanted(rows)] == ["PEM\n"]


def settle(row):
    now = core.look(row.path)
    differs = core.differences(row, now)
    if differs:
        core.refuse(row, now, differs)
        core.validate(row, differs, run)
        core.apply(row, now, differs)
    assert core.differences(row, core.look(row.path)) == []
    return differs


def test_a_file(tmp_path):
    path = tmp_path / "deep" / "x"
    row = one(path=str(path), content="甲\r\n", mode="0600")
    assert settle(row) == ["missing"]
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == ("甲\r\n".encode(), 0o600)
    path.write_text("other")
    path.chmod(0o666)
    assert settle(row) == ["content", "mode"]
    path.chmod(0o644)
    assert settle(row) == ["mode"]
    assert settle(row) == []
    path.write_bytes(b"\xff\xfe")
    assert settle(row) == ["content"]


def test_a_link_where_a_file_shall_be_is_replaced_and_not_followed(tmp_path):
    other = tmp_path / "other"
    other.write_text("theirs")
    (tmp_path / "x").symlink_to(other)
    assert settle(one(path=str(tmp_path / "x"), content="ours")) == ["kind"]
    assert (other.read_text(), (tmp_path / "x").is_symlink()) == ("theirs", False)


def test_a_link(tmp_path):
    row = one(path=str(tmp_path / "l"), state="link", target="not-there")
    assert settle(row) == ["missing"]
    (tmp_path / "l").unlink()
    (tmp_path / "l").symlink_to("elsewhere")
    assert settle(row) == ["target"]
    (tmp_path / "l").unlink()
    (tmp_path / "l").write_text("a file")
    assert settle(row) == ["kind"]
    assert sorted(os.listdir(tmp_path)) == ["l"]


def test_a_folder(tmp_path):
    row = one(path=str(tmp_path / "a/b"), state="directory", mode="0700")
    assert settle(row) == ["missing"]
    assert ((tmp_path / "a").stat().st_mode & 0o777, (tmp_path / "a/b").stat().st_mode & 0o777) == (0o755, 0o700)
    (tmp_path / "a/b").chmod(0o755)
    assert settle(row) == ["mode"]


def test_what_is_removed(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    top = tmp_path / "top"
    (top / "deep").mkdir(parents=True)
    (top / "deep" / "file").write_text("x")
    (top / "link").symlink_to(kept)
    assert settle(one(path=str(top), state="absent")) == ["there"]
    assert (kept / "file").exists()
    assert not top.exists()
    (tmp_path / "dangling").symlink_to("nowhere")
    assert settle(one(path=str(tmp_path / "dangling"), state="absent")) == ["there"]
    assert settle(one(path=str(tmp_path / "kept/file/below"), state="absent")) == []


@pytest.mark.parametrize("made, row", [
    ("folder", {"state": "file", "content": ""}),
    ("folder", {"state": "link", "target": "/x"}),
    ("file", {"state": "directory"}),
    ("fifo", {"state": "file", "content": ""}),
])  # fmt: skip
def test_nothing_of_another_kind_is_replaced(tmp_path, made, row):
    path = tmp_path / "x"
    {"folder": path.mkdir, "file": path.touch, "fifo": lambda: os.mkfifo(path)}[made]()
    with pytest.raises(Refusal) as told:
        settle(one(path=str(path), **row))
    assert told.value.rule == "LLM171"
    assert path.exists()


def test_a_user_that_is_not_there(tmp_path):
    row = one(path=str(tmp_path / "x"), content="", owner="no-such-user")
    assert core.differences(row, core.look(row.path)) == ["missing"]
    with pytest.raises(Refusal) as told:
        settle(row)
    assert told.value.rule == "LLM172"
    assert not (tmp_path / "x").exists()


def test_a_text_that_its_program_rejects_leaves_the_old_one(tmp_path):
    path = tmp_path / "x"
    path.write_text("good\n")
    row = one(path=str(path), content="bad\n", validate="sh -c 'echo 12:$1 says no >&2; grep -q good $1' sh %s")
    with pytest.raises(Refusal) as told:
        settle(row)
    assert (told.value.rule, path.read_text()) == ("LLM173", "good\n")
    assert f"12:{path} says no" in told.value.reason.en
    settle(row._replace(content="good too\n"))
    assert os.listdir(tmp_path) == ["x"]


def test_only_a_new_text_is_judged(tmp_path):
    path = tmp_path / "x"
    path.write_text("a")
    path.chmod(0o600)
    assert settle(one(path=str(path), content="a", validate="false %s")) == ["mode"]


def test_what_diff_shows(tmp_path):
    row = one(path=str(tmp_path / "x"), content="b\n")
    (tmp_path / "x").write_text("a\n")
    shown = core.diff(row, core.look(row.path), ["content"])
    assert (shown["before"], shown["after"], shown["after_header"]) == ("a\n", "b\n", row.path)
    (tmp_path / "x").chmod(0o640)
    owner = f"owner {os.getuid()}:{os.getgid()}\n"
    shown = core.diff(row, core.look(row.path), ["mode"])
    assert (shown["before"], shown["after"]) == (f"file, mode 0640, {owner}", f"file, mode 0644, {owner}")
    (tmp_path / "l").symlink_to("there")
    os.mkfifo(tmp_path / "p")
    for name, told in (("l", "link to there\n"), ("p", "other\n"), ("none", "absent\n")):
        path = str(tmp_path / name)
        shown = core.diff(one(path=path, state="link", target="/t"), core.look(path), ["kind"])
        assert (shown["before"], shown["after"]) == (told, "link to /t\n")
    long = row._replace(content="x" * 200_000)
    assert core.diff(long, core.look(row.path), ["content"])["after"] == "200000 characters\n"


@pytest.mark.parametrize("path, units", [
    ("/etc/systemd/system/x.service", True),
    ("/etc/systemd/system/nginx.service.d/x.conf", True),
    ("/etc/systemd/system.conf", False),
    ("/etc/nginx/nginx.conf", False),
])  # fmt: skip
def test_when_systemd_reads_its_units_again(path, units):
    assert core.units([path]) is units


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_has_its_owner(tmp_path, monkeypatch, there):
    given = []
    monkeypatch.setattr(os, "chown", lambda *words: given.append(words))
    path = tmp_path / "a"
    if there:
        path.mkdir()
    row = core.wanted([{"path": str(path), "state": "directory", "owner": "4711", "group": "4712"}])[0]
    core.apply(row, core.look(row.path), ["owner"])
    assert given == [(str(path), 4711, 4712)] and path.is_dir()


def test_of_a_long_complaint_the_end_is_told(tmp_path):
    row = one(path=str(tmp_path / "x"), content="b", validate="sh -c 'seq 30 >&2; exit 1' %s")
    with pytest.raises(Refusal) as told:
        core.validate(row, ["missing"], run)
    assert told.value.evidence == [str(number) for number in range(11, 31)] and "30" in told.value.reason.en
