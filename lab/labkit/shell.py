# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs commands and tells the operator what happens and how long it took."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path


class LabError(Exception):
    """Ends the command with one clear line."""


def run(
    *cmd: str | Path, check: bool = True, log: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command; on failure raise with its last lines, on success return it. With `log` output goes there."""
    args = [str(c) for c in cmd]
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            done = subprocess.run(args, stdout=out, stderr=subprocess.STDOUT, text=True, check=False, env=env)
        said = log.read_text(errors="replace") if done.returncode else ""
    else:
        done = subprocess.run(args, capture_output=True, text=True, check=False, env=env)
        said = (done.stdout or "") + (done.stderr or "")
    if check and done.returncode:
        tail = "\n    ".join(said.strip().splitlines()[-12:])
        raise LabError(f"`{' '.join(args[:6])}{' …' if len(args) > 6 else ''}` failed ({done.returncode}):\n    {tail}")
    return done


def say(text: str = "") -> None:
    print(f"{text}\n", end="", flush=True)  # one write: lines of parallel steps stay whole


class Step:
    """One visible step. Call `reused()` if the result of an earlier run could be used."""

    def __init__(self, title: str) -> None:
        self.title, self.note = title, ""
        self.now: Callable[[], str] = str  # what the progress line says besides the time

    def reused(self, why: str = "unchanged") -> None:
        self.note = f"reused ({why})"

    def tell(self, note: str) -> None:
        self.note = note


@contextlib.contextmanager
def step(title: str) -> Iterator[Step]:
    """Print the title at the start and at the end the time; on a slow step a progress line every 20 s."""
    s, t0, over = Step(title), time.monotonic(), threading.Event()

    def alive() -> None:
        while not over.wait(20):
            say(f"    … {title}: {time.monotonic() - t0:.0f} s  {s.now()}".rstrip())

    watcher = threading.Thread(target=alive, daemon=True)
    watcher.start()
    say(f"==> {title}")
    try:
        yield s
    except BaseException:
        say(f"    FAILED after {time.monotonic() - t0:.1f} s: {title}")
        raise
    finally:
        over.set()
    say(f"    {title}: {s.note or 'done'}, {time.monotonic() - t0:.1f} s")


@contextlib.contextmanager
def lock(path: Path, what: str) -> Iterator[None]:
    """One at a time: a second caller waits and is told what for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"    waiting: another process is busy with {what}")
            fcntl.flock(f, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def free(path: Path) -> Iterator[bool]:
    """Whether nobody holds that lock; while inside, nobody else gets it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def fail(text: str) -> int:
    print(f"lab: {text}", file=sys.stderr, flush=True)
    return 2
