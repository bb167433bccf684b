# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The segments of the chain on disk: one grows, the others are sealed; how long they stay, and the room for them."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import struct
import time
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import chain
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.secrets import make

DAY = 86400
NAME = re.compile(r"^audit-[0-9]{12}\.jsonl$")
BLOCK = 1 << 16
# Of the file system, as `chattr` sets them: only added to (a), not at all (i).
GET_FLAGS, SET_FLAGS, APPEND, NEVER = 0x80086601, 0x40086602, 0x20, 0x10


def lock(path: str, flag: int) -> bool:
    """Sets one of both flags, or none; not every file system has them."""
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            now = struct.unpack("i", fcntl.ioctl(handle, GET_FLAGS, struct.pack("i", 0)))[0]
            wanted = now & ~(APPEND | NEVER) | flag
            if wanted != now:
                fcntl.ioctl(handle, SET_FLAGS, struct.pack("i", wanted))
        finally:
            os.close(handle)
    except OSError:
        return False
    return True


def segments(folder: str) -> List[str]:
    """Paths in the chain's order."""
    try:
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if NAME.match(name)]
    except FileNotFoundError:
        return []


def lines(paths: Iterable[str]) -> Iterator[Tuple[str, str]]:
    """Place and text of every line."""
    for path in paths:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            for number, line in enumerate(stream, 1):
                yield f"{os.path.basename(path)}:{number}", line


def last_line(path: str) -> str:
    """The last whole line."""
    with open(path, "rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        data = b""
        while end and data.count(b"\n") < 2:
            step = min(BLOCK, end)
            end -= step
            stream.seek(end)
            data = stream.read(step) + data
    whole = data[: data.rfind(b"\n") + 1].splitlines(keepends=True)
    return whole[-1].decode("utf-8", "surrogateescape") if whole else ""


class Store:
    """The writer's side. `settings`: folder, days, segment_mb, share_mb, reserve_mb."""

    def __init__(self, settings: Mapping[str, Any], key_file: str) -> None:
        self.settings, self.key_file = settings, key_file
        self.folder = str(settings["folder"])
        self.place = chain.Place()
        self.path = ""
        self.handle = -1
        self.size = 0
        self.day = ""
        self.flags = False
        self.unsealed = 0
        self.key, self.index = "", 0
        self._keys()
        self._resume()

    def _keys(self) -> None:
        """The key of the moment. The first one is shown once, for whoever checks; it can't be had from a later one."""
        words = read_text(self.key_file).split()
        if len(words) == 2:
            self.index, self.key = int(words[0]), words[1]
            return
        self.key = make(43)
        write_atomic(os.path.join(os.path.dirname(self.key_file), "verify-key"), self.key + "\n", 0o400)
        self._keep_key()

    def _keep_key(self) -> None:
        write_atomic(self.key_file, f"{self.index} {self.key}\n", 0o400)

    def _resume(self) -> None:
        """Goes on where the last whole record ends; half of one is what a power cut left."""
        paths = segments(self.folder)
        while paths and not last_line(paths[-1]):
            self._unlink(paths.pop())
        if not paths:
            return
        self.path = paths[-1]
        text = last_line(self.path)
        record = chain.parse(text)
        if record is None:
            raise ValueError(f"{self.path}: the last record is damaged")
        self.place = chain.Place(record["n"], record["hash"])
        self.unsealed = int(record.get("kind") not in ("seal", "begin"))
        with open(self.path, encoding="utf-8", errors="surrogateescape") as first:
            self.day = str((chain.parse(first.readline()) or {}).get("time"))[:10]
        if record.get("kind") == "seal" and self.index == record["key"]:  # ended between the seal and its next key
            self._evolve()
        with open(self.path, "rb") as stream:
            data = stream.read()
        self.size = data.rfind(b"\n") + 1
        if self.size != len(data):
            lock(self.path, 0)
            os.truncate(self.path, self.size)
        if os.stat(self.path).st_mode & 0o200:
            self._open()
        else:
            self.path = ""

    def _evolve(self) -> None:
        self.key, self.index = chain.next_key(self.key), self.index + 1
        self._keep_key()

    def _open(self) -> None:
        self.handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        self.flags = lock(self.path, APPEND)

    def append(self, records: Iterable[Mapping[str, Any]], now: float) -> List[str]:
        """Writes records to disk, all or none, and says the lines; a full disk raises, and nothing has changed."""
        self._turn(now)
        place, found = self.place, []
        for record in records:
            line, place = chain.line_of(record, place)
            found.append(line)
        self._write("".join(found).encode("utf-8", "surrogateescape"))
        self.place = place
        self.unsealed += len(found)
        return found

    def _write(self, data: bytes) -> None:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self.handle, view) :]
            os.fsync(self.handle)
        except OSError:
            lock(self.path, 0)
            os.truncate(self.path, self.size)
            lock(self.path, APPEND)
            raise
        self.size += len(data)

    def _turn(self, now: float) -> None:
        """A segment for each day (UTC), and not larger than wanted."""
        today = stamp(now)[:10]
        if self.path and self.day == today and self.size < int(self.settings["segment_mb"]) << 20:
            return
        if self.path:
            self.seal(now)
            os.close(self.handle)
            self.handle = -1
            lock(self.path, 0)  # what can only be added to takes no other mode, also from root
            os.chmod(self.path, 0o440)
            lock(self.path, NEVER)
            self.path = ""
        self.path = os.path.join(self.folder, f"audit-{self.place.number + 1:012d}.jsonl")
        self.size, self.day = 0, today
        line, place = chain.line_of({"kind": "begin", "after": self.place.digest, "time": stamp(now)}, self.place)
        try:
            self._open()
            self._write(line.encode())
        except OSError:
            self._leave()
            raise
        self.place = place

    def _leave(self) -> None:
        """A segment without a first record is none."""
        with contextlib.suppress(OSError):
            os.close(self.handle)
        with contextlib.suppress(FileNotFoundError):
            self._unlink(self.path)
        self.path, self.handle = "", -1

    def seal(self, now: float) -> bool:
        """Says with the key of the moment what was written; then that key is gone."""
        if not self.unsealed:
            return False
        line, place = chain.line_of({**chain.seal(self.key, self.index, self.place), "time": stamp(now)}, self.place)
        self._write(line.encode())
        self.place, self.unsealed = place, 0
        self._evolve()
        return True

    def _unlink(self, path: str) -> None:
        lock(path, 0)
        os.unlink(path)

    def forget(self, now: float) -> List[str]:
        """Removes sealed segments that are older than they must be kept, and says so in the chain first."""
        gone = []
        for path in segments(self.folder):
            last = chain.parse(last_line(path)) or {}
            if path == self.path or str(last.get("time")) > stamp(now - int(self.settings["days"]) * DAY):
                break
            name = os.path.basename(path)
            record = {"kind": "removed", "segment": name, "upto": last.get("n"), "digest": last.get("hash")}
            self.append([{**record, "last": last.get("time"), "time": stamp(now)}], now)
            self._unlink(path)
            gone.append(name)
        return gone

    def used(self) -> int:
        return sum(os.stat(path).st_size for path in segments(self.folder))

    # A file that holds room: given up when the disk is full, so that records go on while somebody makes room.
    @property
    def reserve(self) -> str:
        return os.path.join(self.folder, "reserve")

    def hold(self) -> bool:
        """Whether room is held; makes the file where there is room for it and as much again."""
        wanted = int(self.settings["reserve_mb"]) << 20
        if os.path.exists(self.reserve):
            return True
        if free(self.folder) < 2 * wanted:
            return False
        handle = os.open(self.reserve, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(handle, 0, wanted)
        except OSError as error:
            os.unlink(self.reserve)
            if error.errno != errno.ENOSPC:
                raise
            return False
        finally:
            os.close(handle)
        return True

    def give_up(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.reserve)


def free(folder: str) -> int:
    seen = os.statvfs(folder)
    return seen.f_bavail * seen.f_frsize


def stamp(moment: float) -> str:
    """UTC to the millisecond."""
    whole = int(moment)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int((moment - whole) * 1000):03d}Z"


def spool_places(paths: List[str]) -> Dict[int, int]:
    """Of each of the gateway's files, by its number, up to where it is in the chain."""
    found: Dict[int, int] = {}
    for path in reversed(paths):
        here: Dict[int, int] = {}
        for _where, text in lines([path]):
            at = (chain.parse(text) or {}).get("at")
            if isinstance(at, list) and len(at) == 2:
                here[at[0]] = at[1]
        found = {**here, **found}
        if len(found) > 1 or 1 in found:  # numbers only grow: no older segment holds a newer place
            break
    return found
