# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of pytest in forks, bounded in time, and the plugins that note what tests reach and choose some of them."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

SAID = os.dup(1)


def say(**what: Any) -> None:
    os.write(SAID, json.dumps(what).encode() + b"\n")


class Noted:
    """A pytest plugin: which functions of a room each test calls, how long it takes, and what fails anyway."""

    def __init__(self, room: str):
        self.room, self.real = room, {}
        self.called: dict[str, set[tuple[str, int]]] = collections.defaultdict(set)
        self.seconds: dict[str, float] = collections.defaultdict(float)
        self.failed: list[str] = []
        self.now = ""
        sys.settrace(self.trace)
        threading.settrace(self.trace)

    def trace(self, frame: Any, event: str, arg: Any) -> None:
        code = frame.f_code
        name = self.real.get(code.co_filename)
        if name is None:
            name = self.real[code.co_filename] = os.path.relpath(os.path.realpath(code.co_filename))
        if name.startswith(self.room):
            self.called[self.now].add((name, code.co_firstlineno))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.now = nodeid
        sys.settrace(self.trace)

    def pytest_runtest_logfinish(self) -> None:
        self.now = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.append(report.nodeid)


class Chosen:
    """A pytest plugin: only these tests, in this order."""

    def __init__(self, wanted: list[str] | None, never: set[str]):
        self.place = {name: number for number, name in enumerate(wanted)} if wanted is not None else None
        self.never = never

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [item for item in items if item.nodeid not in self.never]
        if self.place is not None:
            place = self.place
            items[:] = sorted((i for i in items if i.nodeid in place), key=lambda item: place[item.nodeid])


def in_a_fork(work: Callable[[], int], cpu: int, wall: float) -> int | None:
    """The exit status of some work, None when it took too long. Whatever it started ends with it."""
    child = os.fork()
    if not child:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
        quiet = os.open(os.environ["HOME"] + "/said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        status = 70
        try:
            status = work()
        finally:
            os._exit(status)
    end, status = time.monotonic() + wall, None
    while time.monotonic() < end:
        done, raw = os.waitpid(child, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(raw)
            break
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.waitpid(child, 0)
    return None if status == -signal.SIGXCPU else status


def pytest_in_fork(
    paths: list[str], plugin: Any, cpu: int, wall: float, after: Callable[[], None] | None = None
) -> int | None:
    def work() -> int:
        import pytest

        arguments = ["-q", "--tb=line", "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin"]
        arguments += [f"--basetemp={os.environ['TMPDIR']}/base", *paths]
        status = int(pytest.main([*arguments, *([] if after else ["-x"])], plugins=[plugin]))
        if after:
            after()
        return status

    return in_a_fork(work, cpu, wall)
