# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Segments: what a power cut leaves, a full disk, what is kept and what goes."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import chain
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import store as core

DAY = core.DAY
NOW = 1_764_500_000.25
SETTINGS = {"days": 180, "segment_mb": 1, "share_mb": 100, "reserve_mb": 1}


@pytest.fixture(autouse=True)
def flags(monkeypatch):
    """Files of a test must be removable."""
    found = {}
    monkeypatch.setattr(core, "lock", lambda path, flag: found.update({path: flag}) or True)
    return found


@pytest.fixture
def made(tmp_path):
    (tmp_path / "log").mkdir()

    def make(**more):
        return core.Store({**SETTINGS, "folder": str(tmp_path / "log"), **more}, str(tmp_path / "key"))

    return make


def whole(store, key: str = "") -> chain.Checked:
    return chain.check(core.lines(core.segments(store.folder)), key)


def api(number: int, at: list | None = None) -> dict:
    return {"kind": "api", "time": core.stamp(NOW), "model": f"m{number}", "status": 200, "at": at or [1, number]}


def test_records_go_on_where_the_last_one_ended(made, tmp_path):
    store = made()
    lines = store.append([api(1), api(2)], NOW)
    assert [json.loads(line)["n"] for line in lines] == [2, 3]  # after the segment's own head
    again = made()
    again.append([api(3)], NOW)
    found = whole(again, (tmp_path / "verify-key").read_text().strip())
    assert found.problems == [] and found.records == 4
    assert (tmp_path / "verify-key").stat().st_mode & 0o777 == 0o400


REAL = core.lock


@pytest.mark.skipif(os.geteuid() != 0, reason="flags of files are root's")
def test_a_day_ends_also_where_the_file_system_keeps_to_its_flags(made, tmp_path, monkeypatch):
    """A file that can only be added to takes no other mode, not even from root."""
    monkeypatch.setattr(core, "lock", REAL)
    store = made()
    try:
        store.append([api(1)], NOW)
        assert store.flags, "this file system has no flags"
        first = store.path
        store.append([api(2)], NOW + DAY)
        again = made()
        again.append([api(3)], NOW + DAY)
        again.append([api(4)], NOW + 2 * DAY)
        assert whole(again, (tmp_path / "verify-key").read_text().strip()).problems == []
        assert len(core.segments(store.folder)) == 3 and os.stat(first).st_mode & 0o777 == 0o440
        with pytest.raises(PermissionError):
            Path(first).unlink()
    finally:
        for path in core.segments(store.folder):
            REAL(path, 0)


def test_a_segment_that_can_t_be_begun_is_begun_again(made, monkeypatch):
    store = made()
    store.append([api(1)], NOW)
    opened = core.Store._open

    def full(_store):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(core.Store, "_open", full)
    for _turn in range(2):
        with pytest.raises(OSError, match="full"):
            store.append([api(2)], NOW + DAY)
    monkeypatch.setattr(core.Store, "_open", opened)
    store.append([api(2)], NOW + DAY)
    assert whole(store).problems == [] and len(core.segments(store.folder)) == 2


def test_half_a_record_is_cut_and_an_empty_segment_goes(made):
    store = made()
    store.append([api(1)], NOW)
    with open(store.path, "a", encoding="utf-8") as stream:
        stream.write('{"n":3,"kind":"ap')
    Path(store.folder, "audit-000000000009.jsonl").write_text("half", encoding="utf-8")
    again = made()
    again.append([api(2)], NOW)
    assert whole(again).problems == [] and len(core.segments(again.folder)) == 1


def test_a_damaged_last_record_is_no_place_to_go_on(made):
    store = made()
    store.append([api(1)], NOW)
    with open(store.path, "a", encoding="utf-8") as stream:
        stream.write("nonsense\n")
    with pytest.raises(ValueError, match="damaged"):
        made()


def test_a_seal_changes_the_key_also_when_the_power_fails_between_both(made, tmp_path):
    store = made()
    first = (tmp_path / "verify-key").read_text().strip()
    assert store.seal(NOW) is False
    store.append([api(1)], NOW)
    assert store.seal(NOW) is True and store.seal(NOW) is False
    assert (tmp_path / "key").read_text().split() == ["1", chain.next_key(first)]
    (tmp_path / "key").write_text(f"0 {first}\n")
    again = made()
    assert again.index == 1
    again.append([api(2)], NOW)
    again.seal(NOW)
    assert whole(again, first).problems == [] and whole(again, first).seals == 2


def test_each_day_and_each_size_has_a_segment_and_old_ones_are_closed(made, flags):
    store = made()
    store.append([api(1)], NOW)
    store.append([api(2)], NOW + DAY)
    store.append([{**api(3), "question": "x" * (1 << 20)}], NOW + DAY)
    store.append([api(4)], NOW + DAY)
    paths = core.segments(store.folder)
    assert len(paths) == 3 and whole(store).problems == []
    assert [oct(os.stat(path).st_mode & 0o777) for path in paths] == ["0o440", "0o440", "0o640"]
    assert [flags[path] for path in paths] == [core.NEVER, core.NEVER, core.APPEND]


def test_a_closed_segment_is_not_opened_again(made):
    store = made()
    store.append([api(1)], NOW)
    store.seal(NOW)
    os.chmod(store.path, 0o440)
    again = made()
    again.append([api(2)], NOW)
    assert len(core.segments(again.folder)) == 2 and whole(again).problems == []


def test_what_is_older_goes_and_the_chain_says_so(made):
    store = made()
    for day in range(4):
        store.append([{**api(day), "time": core.stamp(NOW + day * DAY)}], NOW + day * DAY)
    assert store.forget(NOW + 3 * DAY) == []
    gone = store.forget(NOW + 182.5 * DAY)
    assert len(gone) == 2 and whole(store).problems == [] and whole(store).first > 1
    os.unlink(core.segments(store.folder)[0])
    assert "no rule removed them" in str(whole(store).problems)


def test_a_full_disk_leaves_the_chain_as_it_was(made, monkeypatch):
    store = made()
    store.append([api(1)], NOW)
    write, before = os.write, store.place

    def half(handle, data):
        if len(data) > 10:
            return write(handle, bytes(data[:10]))
        raise OSError(errno.ENOSPC, "full")

    def none(_handle, _data):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(core.os, "write", half)
    monkeypatch.setattr(core.os, "write", lambda h, d: half(h, d) if len(d) > 100 else none(h, d))
    with pytest.raises(OSError, match="full"):
        store.append([api(2)], NOW)
    assert store.place == before
    with pytest.raises(OSError, match="full"):
        store.append([api(2)], NOW + DAY)
    monkeypatch.setattr(core.os, "write", write)
    store.append([api(2)], NOW + DAY)
    assert whole(store).problems == []


def test_room_is_held_and_given_up(made, monkeypatch):
    store = made()
    assert store.hold() and store.hold() and os.stat(store.reserve).st_size == 1 << 20
    store.give_up()
    store.give_up()
    monkeypatch.setattr(core, "free", lambda _folder: 1 << 20)
    assert not store.hold()
    monkeypatch.setattr(core, "free", lambda _folder: 1 << 30)

    def full(*_words):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(core.os, "posix_fallocate", full)
    assert not store.hold() and not os.path.exists(store.reserve)


def test_where_each_file_of_nginx_was_read_to(made):
    store = made()
    store.append([api(1, [1, 100]), api(2, [1, 50]), api(3, [2, 7])], NOW)
    store.append([api(4, [2, 9])], NOW + DAY)
    assert core.spool_places(core.segments(store.folder)) == {1: 50, 2: 9}
    assert core.spool_places([]) == {} and core.segments("/nowhere") == []
    assert store.used() == sum(os.stat(path).st_size for path in core.segments(store.folder))


def test_last_lines_are_read_from_the_end(tmp_path):
    path = tmp_path / "one"
    path.write_text("a\n" + "b" * 200_000 + "\nhalf")
    assert core.last_line(str(path)) == "b" * 200_000 + "\n"
    path.write_text("half")
    assert core.last_line(str(path)) == ""
