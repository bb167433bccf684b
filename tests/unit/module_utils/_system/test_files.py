# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files, ports and progress."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import files


def test_write_atomic(tmp_path):
    path = tmp_path / "new" / "f"
    files.write_atomic(str(path), "文\n", 0o640)
    assert files.read_text(str(path)) == "文\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert files.read_text(str(tmp_path / "none")) == ""


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "f"
    path.write_text("old")

    def fail(*_args):
        raise OSError("no")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no"):
        files.write_atomic(str(path), "new", 0o600)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_names_the_file(tmp_path, monkeypatch):
    """The kernel's own answer to write(), which names no file."""
    given = os.fdopen
    monkeypatch.setattr(
        os, "fdopen", lambda handle, *_how, **_more: os.close(handle) or given(os.open("/dev/full", os.O_WRONLY), "w")
    )
    with pytest.raises(OSError, match="No space left") as caught:
        files.write_atomic(str(tmp_path / "f"), "new", 0o600)
    assert caught.value.filename == str(tmp_path / "f") and list(tmp_path.iterdir()) == []


def test_what_is_written_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    order = []
    sync, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: order.append(os.fstat(handle).st_size) or sync(handle))
    monkeypatch.setattr(os, "replace", lambda *paths: order.append("name") or rename(*paths))
    files.write_atomic(str(tmp_path / "f"), "x", 0o600)
    assert order == [1, "name"], "with all its bytes"


@pytest.mark.parametrize(("owner", "asked"), [
    ((), []), ((0, 0), [(0, 0)]), ((-1, 0), [(-1, 0)]), ((0, -1), [(0, -1)]), ((5, -1), [(5, -1)]), ((-1, -1), []),
])  # fmt: skip
def test_an_owner_is_set_where_one_is_named(tmp_path, monkeypatch, owner, asked):
    told = []
    monkeypatch.setattr(os, "chown", lambda _path, *pair: told.append(pair))
    files.write_atomic(str(tmp_path / "f"), "x", 0o600, *owner)
    assert told == asked


def test_new_folders_can_be_entered(tmp_path):
    before = os.umask(0o022)
    try:
        files.write_atomic(str(tmp_path / "new/f"), "x", 0o600)
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o755


def test_an_error_that_names_its_file_or_is_none_of_the_disks_stays_as_it_is(tmp_path, monkeypatch):
    for error in (OSError(13, "no", "/named"), KeyboardInterrupt()):

        def fail(*_args, error=error):
            raise error

        monkeypatch.setattr(os, "chmod", fail)
        with pytest.raises(type(error)) as caught:
            files.write_atomic(str(tmp_path / "f"), "x", 0o600)
        assert getattr(caught.value, "filename", "/named") == "/named" and list(tmp_path.iterdir()) == []
