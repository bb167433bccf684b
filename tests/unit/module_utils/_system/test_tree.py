# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are read and written below a folder, and no link leads out of it."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import tree


def test_regular_files_in_order_and_the_rest_is_told(tmp_path):
    for name in ("b/2", "b/1", "a", "left/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    skipped: list[str] = []
    assert [found.name for found in tree.walk(tmp_path, {"left"}, skipped.append)] == ["a", "b/1", "b/2"]
    assert skipped == ["link", "pipe"]


def test_a_top_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OSError, match="link"):
        list(tree.walk(tmp_path / "link"))


def test_only_regular_files_are_opened_and_nobody_waits(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")
    with tree.open_file(str(tmp_path / "file")) as stream:
        assert stream.read() == b"x"
    for name in ("pipe", "link", "."):
        with pytest.raises(OSError, match=r"\w"):
            tree.open_file(str(tmp_path / name))


@pytest.fixture
def top(tmp_path):
    handle = os.open(tmp_path, tree.FOLDER)
    yield handle
    os.close(handle)


def test_a_new_file_makes_its_folders(tmp_path, top):
    with tree.new_file(top, "a/b/c", 0o640) as out:
        out.write(b"x")
    assert (tmp_path / "a/b/c").read_bytes() == b"x" and (tmp_path / "a").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["link/x", "there", "link", "../x", "a/../x", "/x", "a//x", ".", "a/."])
def test_a_new_file_goes_nowhere_else(tmp_path, top, name):
    (tmp_path / "link").symlink_to("/tmp")
    (tmp_path / "there").write_text("mine")
    with pytest.raises(OSError, match=r"\w"):
        tree.new_file(top, name)
    assert (tmp_path / "there").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() != 0, reason="owners are set")
def test_a_tree_is_given_away_but_not_what_its_links_lead_to(tmp_path):
    (tmp_path / "in/a").mkdir(parents=True)
    (tmp_path / "in/a/f").write_text("x")
    (tmp_path / "out").write_text("x")
    (tmp_path / "in/link").symlink_to(tmp_path / "out")
    tree.give(tmp_path / "in", 12, 13)
    assert [(tmp_path / name).lstat().st_uid for name in ("in", "in/a", "in/a/f", "in/link", "out")] == [
        12,
        12,
        12,
        12,
        0,
    ]


def test_a_walk_goes_as_deep_as_a_tree_may_be(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "DEPTH", 2)
    (tmp_path / "a/b/c").mkdir(parents=True)
    for name in ("a/1", "a/b/2", "a/b/c/3"):
        (tmp_path / name).write_text(name)
    skipped: list[str] = []
    assert [found.name for found in tree.walk(tmp_path, set(), skipped.append)] == ["a/1", "a/b/2"]
    assert skipped == ["a/b/c"]


def test_a_walk_stays_on_its_file_system(tmp_path, monkeypatch):
    (tmp_path / "mount").mkdir()
    (tmp_path / "mount/x").write_text("x")
    real = os.stat

    def elsewhere(name, **how):
        about = real(name, **how)
        return os.stat_result([*about[:2], about.st_dev + 1, *about[3:]]) if name == "mount" else about

    monkeypatch.setattr(tree.os, "stat", elsewhere)
    skipped: list[str] = []
    assert list(tree.walk(tmp_path, set(), skipped.append)) == [] and skipped == ["mount"]


def test_a_new_file_is_its_owners_alone(tmp_path, top):
    tree.new_file(top, "x").close()
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600
