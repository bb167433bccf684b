# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work directory of a download: one run at a time, and what is known after a kill or a power cut."""

from __future__ import annotations

import json
import os
import stat
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import WORK, Entry
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import journal as core


@pytest.fixture
def work(tmp_path):
    found = core.Work(str(tmp_path / "new/model"))
    found.open(0)
    yield found
    found.close(True)


def test_folders_are_open_to_an_engines_user_and_a_finished_run_leaves_nothing(tmp_path, work):
    for folder in (tmp_path / "new", tmp_path / "new/model", tmp_path / "new/model" / WORK):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert os.path.isdir(work.parts)
    work.close(True)
    assert os.listdir(work.dest) == []
    work.close(True)


def test_a_second_run_waits_and_then_names_the_first(work):
    slept = []
    with pytest.raises(Refusal) as caught:
        core.Work(work.dest).open(0.0, sleep=slept.append)
    assert caught.value.rule == "LLM613" and f"pid {os.getpid()} on " in caught.value.reason.en and slept == []
    other = core.Work(work.dest)
    other.open(60.0, sleep=lambda _seconds: work.close(True))
    other.close(False)
    assert os.path.isdir(other.path), "an interrupted run's parts stay"


def test_an_abandoned_run_is_asked_to_stop_and_one_that_is_looked_after_is_not(work):
    for age, asked in ((core.STALE + 5, True), (core.STALE - 5, False)):
        with open(work.lease_path, "w", encoding="utf-8"):
            os.utime(work.lease_path, (time.time() - age,) * 2)
        with pytest.raises(Refusal):
            core.Work(work.dest).open(0.0)
        assert os.path.exists(work.lease_path) != asked
    assert work.abandoned(0.0) == "" and work.abandoned(10.0) == ""
    os.utime(work.lease_path, (time.time() - 30,) * 2)
    assert "30 s" in work.abandoned(10.0) and work.abandoned(60.0) == ""
    os.unlink(work.lease_path)
    assert "asked for it" in work.abandoned(10.0)


def test_a_lease_begins_with_the_run_and_ends_with_it(tmp_path):
    leased = core.Work(str(tmp_path / "m"))
    leased.open(0, lease=5.0)
    assert core.file_age(leased.lease_path) < 60
    leased.close(False)
    assert core.file_age(leased.lease_path) is None
    with open(leased.lease_path, "w", encoding="utf-8"):
        pass
    leased.open(0)
    assert not os.path.exists(leased.lease_path)
    leased.close(True)


def test_what_a_killed_run_left_goes_but_not_under_a_running_one(tmp_path, work):
    other = core.Work(work.dest)
    other.tidy()
    assert os.path.isdir(work.path)
    work.close(False)
    other.tidy()
    assert not os.path.exists(work.path)
    other.tidy()


def test_parts_are_named_by_their_content(work):
    known, unknown = Entry("a", 1, "f" * 64), Entry("a", 1, "")
    assert os.path.basename(work.part(known)) == "f" * 64 + ".part"
    names = {work.part(entry) for entry in (known, unknown, Entry("b", 1, ""), Entry("a", 2, ""))}
    assert len(names) == 4 and all(os.path.dirname(name) == work.parts for name in names)
    for name in names:
        with open(name, "w", encoding="utf-8"):
            pass
    work.keep_only([work.part(known)])
    assert os.listdir(work.parts) == ["f" * 64 + ".part"]


def test_after_a_kill_what_was_written_counts_and_after_a_power_cut_what_was_synced(work, monkeypatch):
    written, synced = {"p": {"present": [[0, 9]]}}, {"p": {"present": [[0, 4]]}}
    work.load_journal().save(written, synced, {"f": [1, 2]}, durable=True)
    again = work.load_journal()
    assert again.parts == written and again.done == {"f": [1, 2]}
    monkeypatch.setattr(core, "boot_id", lambda: "another boot")
    assert work.load_journal().parts == synced
    assert core.Journal(work.path + "/none").parts == {}


def test_ranges_end_where_the_part_does_and_a_strange_record_is_none(tmp_path):
    part = tmp_path / "x.part"
    part.write_bytes(b"0123456789")
    journal = core.Journal(str(tmp_path / "none"))
    journal.parts = {"x.part": {"present": [[0, 4], [6, 20], [10, 12]], "digests": ["d", 1]}}
    assert journal.present(str(part)) == ([(0, 4), (6, 10)], ["d", "1"])
    for strange in ({"present": [["a", 2]]}, {"present": [[1]]}, {"present": [None]}, {}, None):
        journal.parts = {"x.part": strange}
        assert journal.present(str(part)) == ([], [])
    journal.parts = {"gone.part": {"present": [[0, 4]]}}
    assert journal.present(str(tmp_path / "gone.part")) == ([], [])


def test_progress_is_for_everybody_to_read(work):
    work.progress({"bytes_done": 1})
    with open(os.path.join(work.path, core.PROGRESS), encoding="utf-8") as stream:
        assert json.load(stream) == {"bytes_done": 1}


def test_links_below_the_destination_are_refused(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "m" / WORK).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refusal) as caught:
        core.Work(str(tmp_path / "m")).open(0)
    assert caught.value.rule == "LLM614" and "symbolic link" in caught.value.reason.en
    (tmp_path / "file").touch()
    with pytest.raises(Refusal) as caught:
        core.Work(str(tmp_path / "file/m")).open(0)
    assert caught.value.rule == "LLM614"


def test_a_boot_has_an_id():
    assert len(core.boot_id()) == 36 == len(core.boot_id().strip())
