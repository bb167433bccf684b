# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole copies of databases to which the page writes, made by a child process with no more rights than the page."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import shutil
import signal
import sqlite3
import stat
import time
from pathlib import Path
from typing import Any, BinaryIO, Callable, Dict, Iterator

from ansible_collections.yitiji.deepseek.plugins.module_utils._system import tree
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data

MAGIC = b"SQLite format 3\0"
SIDE_FILES = ("-wal", "-shm", "-journal")
SECONDS = 1800
BUSY_SECONDS = 60


def is_sqlite(stream: BinaryIO) -> bool:
    found = stream.read(len(MAGIC)) == MAGIC
    stream.seek(0)
    return found


def as_user(uid: int, gid: int, job: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """What `job` returns (JSON) in a child process of that user, within `seconds`.

    ValueError with what went wrong there.
    """
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(into, uid, gid, job)
    os.close(into)
    try:
        told = _hear(out, time.monotonic() + seconds)
    finally:
        os.close(out)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not told:
        raise ValueError(f"no answer in {seconds:g} s")
    answer: Dict[str, Any] = json.loads(told.decode("utf-8"))
    if "error" in answer:
        raise ValueError(answer["error"])
    return answer["value"]


def _answer(into: int, uid: int, gid: int, job: Callable[[], Any]) -> None:
    try:
        if os.geteuid() == 0 and uid != 0:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        answer = {"value": job()}
    except BaseException as error:
        answer = {"error": str(error) or type(error).__name__}
    with contextlib.suppress(OSError), os.fdopen(into, "wb") as stream:
        stream.write(json.dumps(answer).encode("utf-8"))
    os._exit(0)


def _hear(out: int, end: float) -> bytes:
    told = b""
    while time.monotonic() < end:
        if select.select([out], [], [], max(0.0, end - time.monotonic()))[0]:
            piece = os.read(out, 1 << 16)
            if not piece:
                return told
            told += piece
    return b""


def copy(source: str, target: str, page: bool) -> Dict[str, Any]:
    """A database as it is at one moment, its log folded in, its pages checked; of the page's own also what is in it."""
    name = source.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    try:
        _copy(f"file:{name}?mode=ro", target)
    except sqlite3.OperationalError:  # what a killed writer had begun is undone first, as the page itself would
        _copy(f"file:{name}?mode=rw", target)
    return data.read(Path(target)) if page else {}


def _copy(address: str, target: str) -> None:
    with contextlib.closing(sqlite3.connect(target)) as saved:
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as live:
            live.backup(saved)
        saved.execute("PRAGMA journal_mode=DELETE")
        state = saved.execute("PRAGMA integrity_check").fetchone()[0]
    if state != "ok":
        raise ValueError(f"{address}: {state}")


class Databases:
    """Makes copies beside the data, in a folder of the page's user that no container sees."""

    def __init__(self, top: Path) -> None:
        self.top, self.place = top, top.with_name(top.name + ".snapshot")
        self.owner = os.lstat(str(top))

    @contextlib.contextmanager
    def folder(self) -> Iterator[None]:
        shutil.rmtree(str(self.place), ignore_errors=True)
        self.place.mkdir(mode=0o700)
        os.chown(str(self.place), self.owner.st_uid, self.owner.st_gid)
        try:
            yield
        finally:
            shutil.rmtree(str(self.place), ignore_errors=True)

    @contextlib.contextmanager
    def copied(self, name: str, told: Dict[str, Any]) -> Iterator[BinaryIO]:
        """The copy, open for reading; what it holds is added to `told`."""
        for suffix in SIDE_FILES:
            beside = self.top / (name + suffix)
            if os.path.lexists(str(beside)) and not stat.S_ISREG(beside.lstat().st_mode):
                raise ValueError(f"{beside} is no file")  # SQLite would wait at a pipe
        target = self.place / "database"
        page = name == data.DATABASE
        job = functools.partial(copy, str(self.top / name), str(target), page)  # runs in the child
        told.update(as_user(self.owner.st_uid, self.owner.st_gid, job))
        try:
            with tree.open_file(str(target)) as stream:
                yield stream
        finally:
            target.unlink()
