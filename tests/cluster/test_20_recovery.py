# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fails comes back by itself, within a time that is told, and leaves nothing behind."""

from __future__ import annotations

import os
import statistics
import threading
import time
from functools import partial

import labctl
import pytest
from conftest import HEAD, SLACK, UNIT, WORKER, ask, gateway

KILLS = int(os.environ.get("YITIJI_KILLS", "6"))
KIND = os.environ.get("YITIJI_KILL", "")  # one of FAILURES for all of them; without it each in turn
CONTAINER = "$(docker inspect -f '{{.State.Pid}}' " + UNIT + ")"
# The last process of the engine's tree is a rank's worker; the first one is the container's own.
KILL_WORKER = "kill -9 $(pgrep -u 10001 -f 'VLLM::Worker|ray::|Worker_TP' | tail -1)"
KILL_ENGINE = f"kill -9 {CONTAINER}"
KILL_GROUP = f"kill -9 $(systemctl show -p MainPID --value {UNIT})"
FAILURES = {
    "a rank's process is killed": (WORKER, KILL_WORKER),
    "the head's own rank is killed": (HEAD, KILL_WORKER),
    "the worker's engine is killed": (WORKER, KILL_ENGINE),
    "the head's engine is killed": (HEAD, KILL_ENGINE),
    "the worker's unit is killed": (WORKER, KILL_GROUP),
    "the head's unit is killed": (HEAD, KILL_GROUP),
}


def recover(pair, what, harm, front=True):
    """Break something, then check: refused at once, back within the bound, nothing left over."""
    before = (pair.processes(), pair.ports(), pair.containers())
    began = time.monotonic()
    harm()
    refused = until_refused(began, ("503",) if front else ("503", "000", ""))
    pair.wait(pair.start_seconds + SLACK)
    pair.tell(f"{what}: refused after {refused:.0f} s, back after {time.monotonic() - began:.0f} s")
    after = (pair.processes(), pair.ports(), pair.containers())
    assert after == before, what


def until_refused(began: float, answers: tuple[str, ...]) -> float:
    """Nobody may wait for an answer that can't come: within the detection's bound the gateway says so."""
    while time.monotonic() - began < 30:
        if gateway() in answers:
            return time.monotonic() - began
        time.sleep(0.2)
    raise AssertionError("after 30 s the gateway still passes requests on")


def test_kills_in_a_row(timed):
    """One after the other, each as soon as the model answers again; after each, nothing is left over."""
    kinds = [KIND] if KIND else list(FAILURES)
    times = []
    for number in range(KILLS):
        what = kinds[number % len(kinds)]
        name, command = FAILURES[what]
        began = time.monotonic()
        recover(timed, f"kill {number + 1} of {KILLS}, {what}", partial(labctl.node, command, name, check=False))
        times.append(time.monotonic() - began)
    spread = f"{min(times):.0f} / {statistics.median(times):.0f} / {max(times):.0f} s (shortest, median, longest)"
    timed.tell(f"{KILLS} kills in a row ({KIND or 'of all kinds'}), nothing done by hand: back after {spread}")


def test_a_request_under_way_is_not_left_hanging(timed):
    """It ends with an error, not by the client's patience."""
    said: list[tuple[str, float]] = []

    def client() -> None:
        began = time.monotonic()
        said.append((ask(120), time.monotonic() - began))

    def harm() -> None:
        labctl.node("pkill -STOP -u 10001 -f VLLM::Worker", WORKER, check=False)  # so that the request is under way
        thread.start()
        time.sleep(2)
        labctl.node(KILL_ENGINE, WORKER, check=False)

    thread = threading.Thread(target=client)
    recover(timed, "the worker is killed under a request", harm)
    thread.join(130)
    assert said and said[0][1] < 60, said


def test_cut_network(timed):
    """The link goes down and comes back after 30 s; no connection is closed, so only silence shows it."""
    script = "nohup sh -c 'ip link set {0} down; sleep 30; ip link set {0} up' >/dev/null 2>&1 &"
    interface = labctl.node("ip -o route get 10.77.0.1 | grep -o 'dev [^ ]*' | cut -d' ' -f2", WORKER).strip()
    recover(timed, "the network is cut for 30 s", lambda: labctl.node(script.format(interface), WORKER, check=False))


@pytest.mark.parametrize("name", [WORKER, HEAD], ids=["worker", "head"])
def test_power_cut(timed, name):
    """The node loses power and boots again."""

    def harm() -> None:
        labctl.lab("stop", name, "--pull-the-plug")
        labctl.lab("up", name)

    recover(timed, f"power cut of the {'head' if name == HEAD else 'worker'}", harm, front=name != HEAD)
