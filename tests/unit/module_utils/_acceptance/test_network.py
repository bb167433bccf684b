# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import threading
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import network as core

HERE = "127.0.0.1"


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """A free port, and turns of a fifth of a second."""
    with socket.create_server((HERE, 0)) as door:
        monkeypatch.setattr(core, "PORT", door.getsockname()[1])
    monkeypatch.setattr(core, "SECONDS", 0.2)


@pytest.fixture
def head():
    """Starts the head's side; ended with the test."""
    started = []

    def start(others=1, seconds=20.0):
        thread = threading.Thread(target=core.serve, args=(HERE, others, seconds), daemon=True)
        thread.start()
        started.append(thread)
        return thread

    yield start
    for thread in started:
        thread.join(30)
        assert not thread.is_alive()


def no_wait(_seconds):
    time.sleep(0.02)


def test_both_directions_are_measured_and_the_head_ends_with_the_last_of_the_others(head):
    thread = head()
    row = core.ask(HERE, 20, no_wait)
    assert row["mbps"] > 10 and 0 <= row["again_percent"] < 100
    thread.join(5)
    assert not thread.is_alive()


def test_bytes_are_those_that_came_and_segments_those_of_the_kernel(head, monkeypatch):
    head()
    seen = []

    def direction(address, kind):
        came, seconds, sent, again = core._stream(address, kind)
        seen.append(
            (came % core.BLOCK, came >= core.BLOCK, 0.2 <= seconds < 10, came / 65536 < sent + 2, again <= sent)
        )
        return 1.0, 0.0

    monkeypatch.setattr(core, "_direction", direction)
    core.ask(HERE, 20, no_wait)
    assert seen == [(0, True, True, True, True), (core.COUNTED.size, True, True, True, True)]


def test_the_worse_direction_counts(monkeypatch, head):
    rows = {core.UP: (10**9, 1.0, 1000, 10), core.DOWN: (10**8, 1.0, 1000, 0)}
    monkeypatch.setattr(core, "_stream", lambda _address, kind: rows[kind])
    head()
    assert core.ask(HERE, 20, no_wait) == {"mbps": pytest.approx(3200.0), "again_percent": pytest.approx(1.0)}


def test_nodes_have_their_turns_one_after_another(head, monkeypatch):
    head(2)
    running, most = [0], [0]
    whole = core._direction

    def direction(*words):
        running[0] += 1
        most[0] = max(most[0], running[0])
        try:
            return whole(*words)
        finally:
            running[0] -= 1

    monkeypatch.setattr(core, "_direction", direction)
    found = []
    others = [threading.Thread(target=lambda: found.append(core.ask(HERE, 20, no_wait))) for _number in range(2)]
    for thread in others:
        thread.start()
    for thread in others:
        thread.join(30)
    assert all(row["mbps"] > 10 for row in found) and len(found) == 2 and most == [1]


def test_a_head_that_comes_late_is_waited_for_but_not_without_end(head):
    timer = threading.Timer(0.5, head)
    timer.start()
    assert core.ask(HERE, 20, no_wait)["mbps"] > 10
    began = time.monotonic()
    assert core.ask(HERE, 0.5, no_wait) is None and time.monotonic() - began < 5


def test_a_head_whose_nodes_do_not_come_ends_in_time():
    began = time.monotonic()
    core.serve(HERE, 1, 0.5)
    assert time.monotonic() - began < 5


def test_a_stranger_stops_nobody(head):
    head()
    for said in (b"", b"GET / HTTP/1.0\r\n\r\n"):
        for _try in range(200):
            try:
                with socket.create_connection((HERE, core.PORT), timeout=5) as talk:
                    talk.sendall(said)
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
    assert core.ask(HERE, 20, no_wait)["mbps"] > 10
