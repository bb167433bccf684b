# SPDX-License-Identifier: GPL-3.0-or-later
"""The hash follows the bytes, however they come."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import job as weights_job
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.job import Job
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STEP, SPLIT = 1000, 50


NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def _steps(monkeypatch):
    monkeypatch.setattr(weights_job, "STEP", STEP)
    monkeypatch.setattr(weights_job, "SPLIT", SPLIT)


def write(job, segment, data, count):
    """What a connection does with bytes that came."""
    number = job.reserve(segment, count)
    piece = memoryview(data)[segment.pos : segment.pos + number]
    os.pwrite(job.handle, piece, segment.pos)
    if job.feed(segment, piece):
        job.catch_up(memoryview(bytearray(77)))


def drive(job, data, rng, workers=4):
    """Connections in any order: claim, split, break off, go on."""
    busy = []
    for _turn in range(100000):
        if job.complete:
            return
        if len(busy) < workers:
            segment = job.claim() or (job.split() if rng.random() < 0.5 else None)
            if segment:
                busy.append(segment)
        if not busy:
            job.catch_up(memoryview(bytearray(77)))
            continue
        segment = rng.choice(busy)
        write(job, segment, data, rng.randint(1, 300))
        if segment.pos >= segment.stop or rng.random() < 0.05:
            busy.remove(segment)
            job.release(segment)
    raise AssertionError("no end")


def make(tmp_path, data, present=(), digests=(), sha256=None):
    path = tmp_path / f"{next(NUMBERS)}.part"
    job = Job(Entry("x", len(data), sha256 or hashlib.sha256(data).hexdigest()), str(path), present, digests)
    job.open()
    return job


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(1, 6000), seed=st.integers(0, 10**6))
def test_any_order(tmp_path, size, seed):
    rng = random.Random(seed)
    data = rng.randbytes(size)
    job = make(tmp_path, data)
    drive(job, data, rng)
    job.close()
    assert Path(job.part).read_bytes() == data
    assert job.digests == [hashlib.sha256(data[:end]).hexdigest() for end in range(STEP, size + 1, STEP)]
    assert job.present() == [(0, size)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(1, 6000), seed=st.integers(0, 10**6), bad=st.sets(st.integers(0, 5999), max_size=4))
def test_bad_ranges_come_again_and_only_they(tmp_path, size, seed, bad):
    rng = random.Random(seed)
    data = rng.randbytes(size)
    digests = [hashlib.sha256(data[:end]).hexdigest() for end in range(STEP, size + 1, STEP)]
    job = make(tmp_path, data, [(0, size)], digests)
    disk = bytearray(data)
    bad = {position % size for position in bad}
    for position in bad:
        disk[position] ^= 1
    os.pwrite(job.handle, bytes(disk), 0)
    moved = []
    feed = job.feed
    job.feed = lambda segment, piece: (moved.append(len(piece)), feed(segment, piece))[1]
    drive(job, data, rng)
    job.close()
    assert Path(job.part).read_bytes() == data
    ranges = {position // STEP for position in bad}
    if size % STEP or not any(range_ >= size // STEP for range_ in ranges):
        assert sum(moved) == sum(min(STEP, size - range_ * STEP) for range_ in ranges)


def test_gives_up_on_bytes_that_stay_wrong(tmp_path):
    data = bytes(2500)
    job = make(tmp_path, data, sha256="a" * 64)
    with pytest.raises(Refusal) as caught:
        drive(job, data, random.Random(1))
    assert caught.value.rule == "LLM612"


def test_wrong_digests_do_not_stand_in_the_way(tmp_path):
    data = os.urandom(3500)
    job = make(tmp_path, data, [(0, 3500)], ["b" * 64] * 3)
    os.pwrite(job.handle, data, 0)
    drive(job, data, random.Random(2))
    assert job.complete


def test_a_split_never_takes_bytes_that_are_being_written(tmp_path):
    job = make(tmp_path, bytes(1000))
    first = job.claim()
    assert job.reserve(first, 700) == 700
    second = job.split()
    assert second.start >= 700 and first.stop == second.start


def test_without_a_hash_the_computed_one_counts(tmp_path):
    data = b"abc"
    job = Job(Entry("x", 3, ""), str(tmp_path / "p"))
    job.open()
    drive(job, data, random.Random(3))
    assert job.sha256 == hashlib.sha256(data).hexdigest()


def test_ranges_that_meet_are_one(tmp_path):
    job = make(tmp_path, b"x" * 100, [(0, 10), (20, 30), (30, 40), (60, 70)])
    assert job.present() == [(0, 10), (20, 40), (60, 70)]


def test_a_part_under_a_second_name_is_not_written_to(tmp_path):
    job = Job(Entry("x", 3, "a" * 64), str(tmp_path / "x.part"))
    (tmp_path / "x.part").write_bytes(b"abc")
    os.link(tmp_path / "x.part", tmp_path / "blob")
    with pytest.raises(OSError, match="not a file of its own"):
        job.open()
    job.close()


def test_a_file_that_is_complete_has_no_range_left(tmp_path):
    data = b"x" * 40
    job = make(tmp_path, data)
    assert not job.idle()
    segment = job.claim()
    write(job, segment, data, 40)
    assert not job.idle() and job.busy()
    job.release(segment)
    assert job.idle() and not job.busy() and job.complete and job.claim() is None
    job.single = True
    assert job.largest() == 0


def test_a_part_that_is_shorter_than_its_record_is_fetched_again(tmp_path):
    data = b"x" * 40
    job = make(tmp_path, data, [(0, 40)])
    os.pwrite(job.handle, data[:15], 0)
    job.catch_up(memoryview(bytearray(77)))
    job.catch_up(memoryview(bytearray(77)))
    assert not job.complete and job.present() == [(0, 15)]
    segment = job.claim()
    assert (segment.start, segment.stop) == (15, 40)
    write(job, segment, data, 25)
    assert job.complete
