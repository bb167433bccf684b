# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work directory below a destination: lock, journal, parts, progress, lease."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import socket
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    PROGRESS,
    WORK,
    Entry,
    read_json,
    remove,
    sweep,
    write_json,
)

STALE = 10.0  # a run whose controller has not been seen for this long makes way for another


class Work:
    """Holds the lock of a destination while it is open (LLM613 where another run holds it)."""

    def __init__(self, dest: str) -> None:
        self.dest = dest
        self.path = os.path.join(dest, WORK)
        self.parts = os.path.join(self.path, "parts")
        self.lease_path = os.path.join(self.path, "lease")
        self._lock = -1

    def open(self, wait: float, lease: float = 0.0, sleep: Callable[[float], None] = time.sleep) -> None:
        make_directories(self.dest, self.path)
        end = time.monotonic() + wait
        while not self._try_lock():
            age = file_age(self.lease_path)
            if age is not None and age > STALE:
                remove(self.lease_path)  # asks the abandoned run to stop
            if time.monotonic() >= end:
                raise Refusal("LLM613", path=self.dest, detail=self._holder())
            sleep(0.25)
            make_directories(self.dest, self.path)
        make_directories(self.dest, self.parts)
        for folder in (self.dest, self.path):
            sweep(folder)
        if lease:
            remove(self.lease_path)
            os.close(os.open(self.lease_path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644))
        else:
            remove(self.lease_path)

    def _try_lock(self) -> bool:
        path = os.path.join(self.path, "lock")
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.stat(path).st_ino != os.fstat(handle).st_ino:  # removed by the run that ended just now
                raise BlockingIOError
        except (BlockingIOError, FileNotFoundError):
            os.close(handle)
            return False
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode(), 0)
        self._lock = handle
        return True

    def _holder(self) -> str:
        holder = read_json(os.path.join(self.path, "lock")) or {}
        return "pid {} on {}".format(holder.get("pid", "?"), holder.get("host", "?"))

    def abandoned(self, lease: float) -> str:
        """Why this run should stop; empty where it should not."""
        if not lease:
            return ""
        age = file_age(self.lease_path)
        if age is None:
            return "the controller asked for it"
        return f"the controller was not seen for {age:.0f} s" if age > lease else ""

    def close(self, done: bool) -> None:
        """Releases the lock; a finished run leaves nothing behind."""
        if self._lock < 0:
            return
        if done:
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            remove(self.lease_path)
        os.close(self._lock)
        self._lock = -1

    def tidy(self) -> None:
        """Removes what a run left that was killed between its stamp and its end, unless one is running."""
        if os.path.isdir(self.path) and self._try_lock():
            self.close(True)

    # parts and journal

    def part(self, entry: Entry) -> str:
        """Named by the content, so that a part of another revision is never taken for one of this."""
        name = entry.sha256 or hashlib.sha256((f"{entry.path} {entry.size}").encode("utf-8", "replace")).hexdigest()
        return os.path.join(self.parts, name + ".part")

    def load_journal(self) -> Journal:
        return Journal(os.path.join(self.path, "journal.json"))

    def keep_only(self, parts: List[str]) -> None:
        """Removes parts of files that are no longer wanted."""
        wanted = {os.path.basename(part) for part in parts}
        for name in os.listdir(self.parts):
            if name not in wanted:
                remove(os.path.join(self.parts, name))

    def progress(self, state: Dict[str, Any]) -> None:
        write_json(os.path.join(self.path, PROGRESS), state, durable=False)


class Journal:
    """What is known about parts and finished files after a kill or a power cut.

    `written` holds after a kill (the page cache survives), `synced` after a power cut too.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        data = read_json(path) or {}
        same_boot = data.get("boot") == boot_id()
        self.parts: Dict[str, Any] = data.get("written" if same_boot else "synced") or {}
        self.done: Dict[str, Any] = data.get("done") or {}

    def present(self, part: str) -> Tuple[List[Tuple[int, int]], List[str]]:
        """Ranges on the disk, and digests of the prefixes that were there."""
        known = self.parts.get(os.path.basename(part)) or {}
        try:
            size = os.path.getsize(part)
            ranges = [(int(a), min(int(b), size)) for a, b in known.get("present") or []]
            return [range_ for range_ in ranges if range_[0] < range_[1]], [
                str(digest) for digest in known.get("digests") or []
            ]
        except (OSError, TypeError, ValueError):
            return [], []

    def save(self, written: Dict[str, Any], synced: Dict[str, Any], done: Dict[str, Any], durable: bool) -> None:
        write_json(self.path, {"boot": boot_id(), "written": written, "synced": synced, "done": done}, durable)


def boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as source:
            return source.read().strip()
    except OSError:
        return ""


def file_age(path: str) -> Optional[float]:
    try:
        return max(0.0, time.time() - os.stat(path).st_mtime)
    except OSError:
        return None


def make_directories(base: str, path: str) -> None:
    """Makes folders that an engine's user can enter; links below the destination are refused."""
    try:
        _make(base)
        current = base
        for part in [word for word in os.path.relpath(path, base).split(os.sep) if word not in ("", ".")]:
            current = os.path.join(current, part)
            if os.path.islink(current):
                raise Refusal("LLM614", path=current, detail="a symbolic link where a directory belongs")
            _make(current)
    except OSError as error:
        raise Refusal("LLM614", path=path, detail=error.strerror) from error


def _make(path: str) -> None:
    if os.path.isdir(path):
        return
    _make(os.path.dirname(path))
    try:
        os.mkdir(path)
        os.chmod(path, 0o755)  # noqa: S103  the engine runs as another user
    except FileExistsError:
        if not os.path.isdir(path):
            raise
