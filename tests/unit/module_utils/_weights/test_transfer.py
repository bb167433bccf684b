# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The download's steps one by one, from a source in memory (whole downloads over HTTP: tests/fault)."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import threading
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Broken
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import HAVE, Entry
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import job as jobs_core
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import transfer
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.job import Job
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.journal import Journal
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.transfer import (
    BACKLOG,
    ENOUGH,
    NARROW,
    PROGRESS,
    Engine,
    Options,
)

from tests.unit.module_utils._weights.samples import Shelf

STEP, SPLIT = 1000, 50


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(jobs_core, "STEP", STEP)
    monkeypatch.setattr(jobs_core, "SPLIT", SPLIT)
    monkeypatch.setattr(transfer, "SPLIT", SPLIT)
    monkeypatch.setattr(transfer, "KEEP_EVERY", 0.05)


@pytest.fixture(name="made")
def fixture_made(tmp_path):
    engines = []

    def make(files, options=None, stop=lambda: "", **shelf):
        (tmp_path / "work/parts").mkdir(parents=True, exist_ok=True)
        jobs = [
            Job(
                Entry(name, len(data), hashlib.sha256(data).hexdigest()),
                str(tmp_path / f"work/parts/{name.replace('/', '-')}.part"),
            )
            for name, data in files.items()
        ]
        journal = Journal(str(tmp_path / "work/journal.json"))
        engine = Engine(Shelf(files, **shelf), jobs, str(tmp_path / "dest"), journal, options or Options(), stop)
        engines.append(engine)
        return engine, jobs

    (tmp_path / "dest").mkdir()
    yield make
    for engine in engines:
        for job in engine._jobs:
            job.close()


def pulled(engine, job, segment):
    engine._pull(None, job, segment, memoryview(bytearray(256)))


def test_all_files_are_fetched_named_and_recorded(made, tmp_path):
    files = {"a": b"x" * 2500, "sub/b": b"GGUF", "empty": b""}
    engine, jobs = made(files, Options(workers=2))
    told = []
    engine.run(lambda fetched, named: told.append((fetched, named)))
    assert {name: (tmp_path / "dest" / name).read_bytes() for name in files} == files
    assert told[-1] == (2504, 3) and engine.fetched == 2504 and engine.state() == ""
    assert {stat.S_IMODE((tmp_path / "dest" / name).stat().st_mode) for name in files} == {0o644}
    assert all(job.handle < 0 for job in jobs)
    kept = json.loads((tmp_path / "work/journal.json").read_text())
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert {name: row["sha256"] for name, row in kept["done"].items()} == sums
    assert [len(kept["done"][name]["digests"]) for name in files] == [2, 0, 0]
    assert kept["done"]["sub/b"]["state"][0] == 4
    assert json.loads((tmp_path / "work" / HAVE).read_text()) == sums
    assert all(stream.whole for stream in engine.source.streams)


@pytest.mark.parametrize("beside", ["poll", "save"])
def test_the_source_is_polled_and_what_is_safe_recorded_while_bytes_are_awaited(made, monkeypatch, beside):
    engine, _jobs = made({"a": b"x" * 2500}, Options(workers=1))
    seen, after, opened = threading.Event(), [], engine.source.open
    monkeypatch.setattr(engine.source if beside == "poll" else engine.journal, beside, lambda *_a, **_how: seen.set())
    # Nothing is handed out before it: whichever thread starts first, the end waits for it.
    monkeypatch.setattr(engine.source, "open", lambda *asked: after.append(seen.wait(20)) or opened(*asked))
    engine.run(lambda *_said: None)
    assert after and all(after) and engine.fetched == 2500


def test_nothing_to_fetch_reports_nothing(made):
    engine, _jobs = made({})
    engine.run(lambda *_said: pytest.fail("nothing to tell"))


def test_a_server_that_ignores_ranges_sends_once(made, tmp_path):
    data = bytes(range(250)) * 12
    engine, [job] = made({"a": data}, Options(workers=1), plain=True)
    engine.run(lambda *_said: None)
    assert (tmp_path / "dest/a").read_bytes() == data and job.single and len(engine.source.streams) == 1


def test_whoever_asks_to_stop_ends_it(made):
    engine, _jobs = made({"a": b"x" * 5000}, Options(workers=1), stop=lambda: "the controller asked for it", cut=100)
    with pytest.raises(Refusal, match="the controller asked for it") as caught:
        engine.run(lambda *_said: None)
    assert caught.value.rule == "LLM617"


def test_one_that_never_gets_on_is_refused_with_its_words(made):
    engine, _jobs = made({"a": b"x" * 90}, Options(workers=1, retries=2, pause=0.001), cut=0)
    with pytest.raises(Refusal, match=r"shelf.*ended 90 bytes early, 3 times without progress") as caught:
        engine.run(lambda *_said: None)
    assert caught.value.rule == "LLM611" and engine.state() == "a: ended 90 bytes early"


def test_a_file_of_another_format_is_refused(made, tmp_path):
    engine, _jobs = made({"m.gguf": b"html"})
    with pytest.raises(Refusal) as caught:
        engine.run(lambda *_said: None)
    assert caught.value.rule == "LLM602" and not (tmp_path / "dest/m.gguf").exists()


@pytest.mark.parametrize("allowed", [False, True])
def test_pickles_are_named_only_where_they_are_allowed(made, tmp_path, allowed):
    engine, _jobs = made({"m.bin": b"\x80\x04\x95" + b"x" * 20 + b"."}, Options(pickles=allowed))
    if allowed:
        engine.run(lambda *_said: None)
        assert (tmp_path / "dest/m.bin").exists()
        return
    with pytest.raises(Refusal) as caught:
        engine.run(lambda *_said: None)
    assert caught.value.rule == "LLM650"


# who fetches what


def test_the_largest_file_is_first_and_a_worker_stays_with_its_file(made):
    engine, (small, large) = made({"a": b"x" * 10, "b": b"x" * 2500})
    first, segment = engine._pick(0, None)
    assert first is large and (segment.start, segment.stop) == (0, STEP) and large.handle >= 0
    second, part = engine._pick(1, None)
    assert second is small and (part.start, part.stop) == (0, 10)
    third, rest = engine._pick(0, large)
    assert third is large and (rest.start, rest.stop) == (STEP, 2 * STEP)
    fourth, last = engine._pick(1, small)  # its own file has nothing left: it helps
    assert fourth is large and (last.start, last.stop) == (2 * STEP, 2500)
    half = engine._pick(2, None)
    assert half[0] is large and half[1].stop - half[1].start == STEP // 2, "the busiest range is halved"


def test_only_a_few_connections_at_first(made):
    engine, _jobs = made({"a": b"x" * 5000})
    assert engine._pick(NARROW, None) is None
    assert engine._pick(NARROW - 1, None) is not None
    engine._wide = True
    assert engine._pick(NARROW, None) is not None


def test_a_small_rest_is_not_halved(made):
    engine, [job] = made({"a": b"x" * (2 * SPLIT - 1)})
    assert engine._pick(0, None)[0] is job and engine._pick(1, None) is None
    engine, [job] = made({"a": b"x" * (2 * SPLIT)})
    assert engine._pick(0, None)[0] is job and engine._pick(1, None)[0] is job


def test_a_file_that_failed_is_left_alone_for_a_while(made, monkeypatch):
    engine, [job] = made({"a": b"x" * 5000})
    engine._pick(0, None)
    job.not_before = transfer.time.monotonic() + 100
    assert engine._pick(0, job) is None and engine._pick(1, None) is None
    now = job.not_before
    monkeypatch.setattr(transfer.time, "monotonic", lambda: now)
    assert engine._pick(1, None)[0] is job


def test_no_file_is_begun_while_too_many_wait_for_the_disk(made):
    engine, [job] = made({"a": b"x"})
    engine._ended = [job] * BACKLOG
    assert engine._pick(0, None) is None and engine._waiting
    engine._ended.pop()
    assert engine._pick(0, None)[0] is job


def test_a_file_whose_bytes_are_all_there_is_hashed_only(made, tmp_path):
    engine, [job] = made({"a": b"abc"})
    (tmp_path / "work/parts/a.part").write_bytes(b"abc")
    job._take(0, 3)
    assert engine._pick(0, None) is None and engine._lagging == [job]
    engine._lag(job)
    assert engine._lagging == [job], "once"
    engine._done.set()
    engine._hash_behind()
    assert job.complete and engine._ended == [job] and engine._lagging == []


def test_workers_end_when_nothing_is_left(made):
    engine, [job] = made({"a": b"abc"})
    found, segment = engine._next(0, None)
    assert found is job and engine._busy_workers == 1
    pulled(engine, job, segment)
    assert engine._next(0, job) == (None, None) and engine._active == []
    engine, _jobs = made({"a": b"abc"})
    engine._halt.set()
    assert engine._next(0, None) == (None, None) and engine._waiting


# bytes


def test_a_range_is_written_where_it_belongs(made, tmp_path):
    data = bytes(range(256)) * 10
    engine, [job] = made({"a": data})
    _job, first = engine._pick(0, None)
    _job, second = engine._pick(0, job)
    pulled(engine, job, second)
    assert engine.fetched == STEP and job.present() == [(STEP, 2 * STEP)] and job.moved == STEP
    pulled(engine, job, first)
    part = (tmp_path / "work/parts/a.part").read_bytes()
    assert part == data[: 2 * STEP] and [stream.whole for stream in engine.source.streams] == [True, True]


def test_what_a_whole_answer_has_before_the_range_is_passed_over(made, tmp_path):
    data = bytes(range(200)) * 10
    engine, [job] = made({"a": data}, plain=True)
    _job, first = engine._pick(0, None)
    job.release(first)
    job._take(0, 700)
    job._free = [(700, 2000)]
    segment = job.claim()
    pulled(engine, job, segment)
    assert (segment.start, segment.stop, segment.pos) == (700, 2000, 2000) and engine.fetched == 1300
    assert (tmp_path / "work/parts/a.part").read_bytes()[700:] == data[700:]


def test_one_that_ends_before_its_range_is_broken(made):
    engine, [job] = made({"a": b"x" * 900}, plain=True, cut=300)
    _job, first = engine._pick(0, None)
    first.pos = 600
    with pytest.raises(Broken, match=r"^ended early$"):
        pulled(engine, job, first)
    assert engine.source.streams[0].whole is False


def test_one_that_ends_in_its_range_keeps_what_came(made):
    engine, [job] = made({"a": b"x" * 900}, cut=300)
    _job, segment = engine._pick(0, None)
    with pytest.raises(Broken, match="ended 388 bytes early"):  # 256 bytes at a time
        pulled(engine, job, segment)
    assert segment.pos == 512 and engine.fetched == 512 and engine.source.streams[0].whole is False


def test_progress_makes_a_failure_forgotten(made):
    engine, [job] = made({"a": b"x" * 900})
    _job, segment = engine._pick(0, None)
    job.failures, job.moved = 2, PROGRESS - 901
    pulled(engine, job, segment)
    assert job.failures == 2
    engine, [job] = made({"a": b"x" * 900})
    _job, segment = engine._pick(0, None)
    job.failures, job.moved = 2, PROGRESS - 900
    pulled(engine, job, segment)
    assert job.failures == 0


def test_writing_goes_on_after_a_part_was_written(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(transfer.os, "pwrite", lambda handle, data, at: written.append((handle, bytes(data), at)) or 2)
    Engine._write(7, memoryview(b"abcde"), 10)
    assert written == [(7, b"abcde", 10), (7, b"cde", 12), (7, b"e", 14)]


# failures


def test_pauses_double_up_to_the_longest(made, monkeypatch):
    engine, [job] = made({"a": b"x"}, Options(retries=6, pause=0.5, longest_pause=3.0))
    segment = job.claim()
    monkeypatch.setattr(transfer.time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(engine._halt, "wait", lambda _seconds: None)
    pauses = []
    for wait in (0.0, 0.0, 0.0, 0.0, 9.0):
        job.moved = 5
        engine._broken(job, segment, Broken("reset", wait=wait))
        pauses.append(job.not_before - 100.0)
    assert pauses == [0.5, 1.0, 2.0, 3.0, 9.0] and job.moved == 0 and engine.state() == "a: reset"
    engine._broken(job, segment, Broken("reset"))
    with pytest.raises(Refusal, match="reset, 7 times without progress") as caught:
        engine._broken(job, segment, Broken("reset"))
    assert caught.value.rule == "LLM611"


@pytest.mark.parametrize(("status", "rule"), [(1, "LLM601"), (416, "LLM601"), (500, "LLM611")])
def test_a_file_of_another_size_is_told_apart(made, status, rule):
    engine, [job] = made({"a": b"x"}, Options(retries=0))
    with pytest.raises(Refusal) as caught:
        engine._broken(job, job.claim(), Broken("other", status=status))
    assert caught.value.rule == rule


def test_a_range_that_the_server_does_not_have_begins_the_file_anew(made):
    engine, [job] = made({"a": b"x" * 900})
    job.open()
    segment = job.claim()
    segment.pos = 300
    engine._broken(job, segment, Broken("416", status=416))
    assert job.present() == [] and not job.busy() and job.claim().start == 0


@pytest.mark.parametrize(
    ("error", "rule", "says"),
    [
        (Refusal("LLM608", url="u", detail="HTTP 403"), "LLM608", "HTTP 403"),
        (OSError(errno.ENOSPC, "No space left", "/srv/x"), "LLM101", "/srv/x"),
        (OSError(errno.EDQUOT, "Quota exceeded"), "LLM101", "dest"),
        (OSError(errno.EACCES, "Permission denied", "/srv/y"), "LLM614", "/srv/y"),
        (RuntimeError("odd"), "LLM611", "RuntimeError: odd"),
    ],
)
def test_no_thread_dies_silently(made, error, rule, says):
    engine, _jobs = made({"a": b"x"})

    def target(one):
        assert one == 1
        raise error

    engine._guard(target, 1)
    assert engine._error.rule == rule and says in engine._error.reason.en and engine._halt.is_set()
    engine._guard(lambda: engine._fail(Refusal("LLM617", detail="later")))
    assert engine._error.rule == rule, "the first one counts"


# more connections


@pytest.mark.parametrize(
    ("bytes_", "busy", "wide"),
    [(ENOUGH - 1, 0, True), (ENOUGH, 0, False), (2 * ENOUGH - 1, 2, True), (2 * ENOUGH, 2, False), (0, 1, False)],
)
def test_more_connections_where_each_is_slow(made, monkeypatch, bytes_, busy, wide):
    engine, _jobs = made({"a": b"x"})
    engine._busy_workers, now = busy, [0.0]
    monkeypatch.setattr(transfer.time, "monotonic", lambda: now[0])

    def wait(_seconds):
        if now[0]:
            return True
        engine.fetched, now[0] = bytes_, 1.0
        return False

    monkeypatch.setattr(engine._done, "wait", wait)
    told = []
    engine._watch(lambda fetched, named: told.append((fetched, named)))
    assert engine._wide is wide and told == [(bytes_, 0)] and engine._error is None


# the journal


def test_what_is_on_the_disk_is_told_apart_from_what_is_written(made, tmp_path, monkeypatch):
    engine, (one, two, three) = made({"a": b"x" * 2500, "b": b"y" * 900, "c": b"z" * 900})
    _job, segment = engine._pick(0, None)
    assert _job is one
    engine._pull(None, one, segment, memoryview(bytearray(256)))
    two._take(0, 400)  # of an earlier run, not opened yet
    engine._save()
    kept = Journal(engine.journal.path)
    name = os.path.basename
    assert {part: row["present"] for part, row in kept.parts.items()} == {
        name(one.part): [[0, STEP]], name(two.part): [[0, 400]],
    }  # fmt: skip
    saved = json.loads(Path(engine.journal.path).read_text(encoding="utf-8"))
    assert saved["synced"] == saved["written"] and name(three.part) not in saved["written"]

    def fails(_handle):
        raise OSError(errno.EBADF, "closed")

    monkeypatch.setattr(transfer.os, "fdatasync", fails)
    _job, segment = engine._pick(0, one)
    engine._pull(None, one, segment, memoryview(bytearray(256)))
    engine._save()
    saved = json.loads(Path(engine.journal.path).read_text(encoding="utf-8"))
    assert saved["written"][name(one.part)]["present"] == [[0, 2 * STEP]]
    assert saved["synced"][name(one.part)]["present"] == [[0, STEP]], "as of the last one that reached the disk"
