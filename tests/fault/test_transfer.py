# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults during the transfer. In each case nothing wrong gets a final name, and it ends within a minute."""

from __future__ import annotations

import errno
import os
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import transfer

BIG = "model-00001*"


def economical(outcome):
    """No byte twice, except for the few that two connections read where a range was split."""
    assert 1.0 <= outcome.fetched / outcome.manifest.bytes_total < 1.15


def test_without_faults(site, hub):
    outcome = site.run()
    assert outcome.changed and outcome.verified
    economical(outcome)
    site.complete()
    before = len(hub.requests())
    again = site.run()
    assert not again.changed and again.verified and again.fetched == 0
    assert len(hub.requests()) == before, "the stamp stands: no hub is asked"


@pytest.mark.parametrize("at", [0.01, 0.5, 0.99])
def test_drop(site, hub, at):
    hub.fault("drop", BIG, times=3, at=at)
    outcome = site.run()
    site.complete()
    economical(outcome)


def test_drop_for_ever(site, hub):
    hub.fault("drop", BIG, times=-1, at=0)
    with pytest.raises(Refusal) as caught:
        site.run()
    assert caught.value.rule == "LLM611" and "without progress" in str(caught.value)
    assert not site.stamped
    hub.server.hub.faults.clear()
    site.run()
    site.complete()


def test_one_corrupt_byte_once(site, hub):
    hub.fault("corrupt", BIG, times=1, at=0.3)
    site.run()
    site.complete()


def test_corrupt_always(site, hub):
    hub.fault("corrupt", BIG, times=-1, at=0.3)
    with pytest.raises(Refusal) as caught:
        site.run()
    assert caught.value.rule == "LLM612"
    assert not site.stamped and not list(site.dest.glob(BIG))


def test_range_ignored(site, hub):
    hub.fault("norange", "*", times=-1)
    site.run()
    site.complete()


def test_range_ignored_and_dropped(site, hub):
    hub.fault("norange", "*", times=-1)
    hub.fault("drop", BIG, times=2, at=0.6)
    site.run()
    site.complete()


def test_another_range_than_asked(site, hub):
    hub.fault("shifted", BIG, times=2)
    site.run()
    site.complete()


def test_416_once(site, hub):
    hub.fault("r416", BIG, times=1)
    site.run()
    site.complete()


def test_416_always(site, hub):
    hub.fault("r416", BIG, times=-1)
    with pytest.raises(Refusal) as caught:
        site.run()
    assert caught.value.rule == "LLM601"


@pytest.mark.parametrize("delta", [-1, 1, 5 << 20])
def test_wrong_length_once(site, hub, delta):
    hub.fault("length", BIG, times=1, delta=delta)
    site.run()
    site.complete()


def test_wrong_length_always(site, hub):
    hub.fault("length", BIG, times=-1, delta=7)
    with pytest.raises(Refusal) as caught:
        site.run()
    assert caught.value.rule in ("LLM601", "LLM611")


def test_no_length(site, hub):
    hub.fault("nolength", "*", times=-1)
    site.run()
    site.complete()


def test_zero_byte_replica(site, hub):
    hub.fault("empty", BIG, times=2)
    site.run()
    site.complete()
    assert (site.dest / "empty").stat().st_size == 0


def test_zero_byte_replica_always(site, hub):
    hub.fault("empty", BIG, times=-1)
    with pytest.raises(Refusal) as caught:
        site.run()
    assert caught.value.rule == "LLM601" and "0 bytes" in str(caught.value)


def test_429_waits_as_told(site, hub):
    hub.fault("error", BIG, times=1, status=429, retry_after=1)
    begin = time.monotonic()
    site.run()
    assert time.monotonic() - begin >= 0.9
    site.complete()


def test_500s(site, hub):
    hub.fault("error", "*", times=3, status=500)
    hub.fault("error_listing", "*", times=1, status=502)
    site.run()
    site.complete()


def test_500_always(site, hub):
    hub.fault("error", BIG, times=-1, status=503)
    with pytest.raises(Refusal) as caught:
        site.run()
    assert caught.value.rule == "LLM611" and "503" in str(caught.value)


def test_silent_after_the_headers(site, hub):
    hub.fault("stall", BIG, times=1)
    begin = time.monotonic()
    site.run(timeout=1)
    assert time.monotonic() - begin < 20
    site.complete()


def test_slow_trickle(site, hub):
    hub.fault("slow", BIG, times=1, rate=40)
    begin = time.monotonic()
    site.run(timeout=1)
    assert time.monotonic() - begin < 20
    site.complete()


def test_disk_full_in_the_middle(site, hub, monkeypatch):
    real, room = os.pwrite, [4 << 20]

    def full(handle, data, offset):
        room[0] -= len(data)
        if room[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data, offset)

    monkeypatch.setattr(transfer.os, "pwrite", full)
    with pytest.raises(Refusal) as caught:
        site.run()
    assert caught.value.rule == "LLM101"
    monkeypatch.setattr(transfer.os, "pwrite", real)
    hub.server.hub.reset()
    outcome = site.run()
    site.complete()
    assert outcome.fetched < outcome.manifest.bytes_total, "what had come is kept"


def test_too_little_space_is_said_before_the_first_byte(site, hub, monkeypatch):
    class Small:
        f_bavail, f_frsize, f_files, f_favail = 10, 4096, 100, 100

    monkeypatch.setattr(os, "statvfs", lambda path: Small)
    with pytest.raises(Refusal) as caught:
        site.run()
    assert caught.value.rule == "LLM101" and hub.sent() == 0 and not site.listed


def test_space_counts_what_is_there(site, hub, monkeypatch):
    hub.fault("error", "model-00002*", times=-1)
    with pytest.raises(Refusal):
        site.run()

    class Small:
        f_bavail, f_frsize, f_files, f_favail = (64 << 20) // 4096 + 900, 4096, 1000, 1000

    monkeypatch.setattr(os, "statvfs", lambda path: Small)
    hub.server.hub.faults.clear()
    site.run()  # 3 MiB are missing of 9, and 3.5 are free
    site.complete()
