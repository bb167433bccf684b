# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file on its way: which ranges are there, which are being fetched, and the hash that follows them.

Several connections write ranges of one part file. The hash needs the bytes in order: a connection that writes
just where the hash stands feeds it from memory; what arrived ahead is fed from the page cache (`catch_up`).
Digests of the prefixes are kept at every STEP, for they tell later which range is bad.
"""

from __future__ import annotations

import bisect
import errno
import hashlib
import os
import stat
import threading
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry

STEP = 64 << 20  # a claim, and the distance of prefix digests
SPLIT = 4 << 20  # a range that others work on is not split below this
ATTEMPTS = 3  # whole or partial fetches of bytes whose hash is wrong

Range = Tuple[int, int]


def alone(state: os.stat_result) -> bool:
    """Whether it is a plain file with a single name: what is written into it then shows nowhere else."""
    return stat.S_ISREG(state.st_mode) and state.st_nlink == 1


class Segment:
    __slots__ = ("busy", "fence", "pos", "start", "stop")

    def __init__(self, start: int, stop: int, pos: int, busy: bool) -> None:
        self.start, self.stop, self.pos, self.busy = start, stop, pos, busy
        self.fence = pos  # bytes before it are being written: a split stays behind

    def __lt__(self, other: Segment) -> bool:
        return self.start < other.start


class Job:
    def __init__(self, entry: Entry, part: str, present: Sequence[Range] = (), digests: Sequence[str] = ()) -> None:
        self.entry = entry
        self.size = entry.size
        self.part = part
        self.lock = threading.Lock()
        self.handle = -1
        self.single = False  # the server ignores ranges: one connection, in order
        self.failures = 0
        self.not_before = 0.0
        self.moved = 0  # bytes since the last failure
        self.wrong = 0
        self._tries: Dict[int, int] = {}
        self.complete = False
        self.sha256 = ""
        self.digests: List[str] = []  # of the prefixes of STEP, 2 * STEP, ...
        self._expected = list(digests)
        self._segments: List[Segment] = []
        self._free: List[Range] = [(0, self.size)] if self.size else []
        self._hashing = False
        self._hashed = 0
        self._hash = hashlib.sha256()
        self._before = self._hash.copy()
        for start, stop in present:
            self._take(start, min(stop, self.size))

    def _take(self, start: int, stop: int) -> None:
        """Counts a range that is on the disk already."""
        if start >= stop:
            return
        self._cut(start, stop)
        bisect.insort(self._segments, Segment(start, stop, stop, False))

    def _cut(self, start: int, stop: int) -> None:
        left: List[Range] = []
        for a, b in self._free:
            left += [(x, y) for x, y in ((a, min(b, start)), (max(a, stop), b)) if x < y]
        self._free = left

    def open(self) -> None:
        if self.handle < 0:
            self.handle = os.open(self.part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
            if not alone(os.fstat(self.handle)):
                raise OSError(errno.EINVAL, "not a file of its own", self.part)

    def close(self) -> None:
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1

    # claiming

    def claim(self) -> Optional[Segment]:
        with self.lock:
            if not self._free or self.complete:
                return None
            if self.single and any(segment.busy for segment in self._segments):
                return None
            start, stop = self._free[0]
            end = stop if self.single else min(stop, start + STEP)
            self._free[:1] = [(end, stop)] if end < stop else []
            segment = Segment(start, end, start, True)
            bisect.insort(self._segments, segment)
            return segment

    def largest(self) -> int:
        """Bytes that a helper could take over from the busiest range."""
        with self.lock:
            if self.single:
                return 0
            return max((segment.stop - segment.fence for segment in self._segments if segment.busy), default=0)

    def split(self) -> Optional[Segment]:
        """The second half of what the busiest range still has to fetch."""
        with self.lock:
            busy = [segment for segment in self._segments if segment.busy]
            busiest = max(busy, key=lambda each: each.stop - each.fence, default=None)
            if busiest is None or self.single or busiest.stop - busiest.fence < 2 * SPLIT:
                return None
            middle = (busiest.fence + busiest.stop) // 2
            segment = Segment(middle, busiest.stop, middle, True)
            busiest.stop = middle
            bisect.insort(self._segments, segment)
            return segment

    def reserve(self, segment: Segment, count: int) -> int:
        """How many of these bytes the range may write; nobody else takes them from now on."""
        with self.lock:
            count = max(0, min(count, segment.stop - segment.pos))
            segment.fence = segment.pos + count
            return count

    def extend(self, segment: Segment) -> None:
        """The answer holds the whole file: takes everything that nobody else has."""
        with self.lock:
            if self._free and self._free[0][0] == segment.stop:
                segment.stop = self._free.pop(0)[1]

    def release(self, segment: Segment) -> None:
        """Ends a range; what it did not fetch becomes free again."""
        with self.lock:
            segment.busy = False
            if segment.pos < segment.stop:
                bisect.insort(self._free, (segment.pos, segment.stop))
                segment.stop = segment.pos
            if segment.start == segment.stop and segment in self._segments:
                self._segments.remove(segment)

    def restart(self) -> None:
        """Forgets what is on the disk."""
        with self.lock:
            self._reset()

    def _reset(self) -> None:
        """Everything again, except for ranges that are being fetched."""
        busy = [segment for segment in self._segments if segment.busy]
        self._segments = busy
        self._free = [(0, self.size)]
        for segment in busy:
            self._cut(segment.start, segment.stop)
        self._hashed = 0
        self._hash = hashlib.sha256()
        self._before = self._hash.copy()
        self.digests = []
        self._expected = []
        self._tries = {}

    # state

    def present(self) -> List[Range]:
        with self.lock:
            merged: List[Range] = []
            for segment in self._segments:
                if segment.pos <= segment.start:
                    continue
                if merged and merged[-1][1] >= segment.start:
                    merged[-1] = (merged[-1][0], max(merged[-1][1], segment.pos))
                else:
                    merged.append((segment.start, segment.pos))
            return merged

    def idle(self) -> bool:
        with self.lock:
            return not self._free and not any(segment.busy for segment in self._segments)

    def busy(self) -> bool:
        with self.lock:
            return any(segment.busy for segment in self._segments)

    # hashing

    def _available(self) -> int:
        """Where the bytes without a gap end, from the place of the hash on."""
        reach = self._hashed
        for segment in self._segments:
            if segment.start > reach:
                break
            reach = max(reach, segment.pos)
        return reach

    def feed(self, segment: Segment, data: memoryview) -> bool:
        """Takes bytes that were just written; True where the hash is behind and needs `catch_up`."""
        with self.lock:
            at = segment.pos
            segment.pos += len(data)
            self.moved += len(data)
            if self._hashing:
                return False
            if self._hashed != at:
                return self._available() > self._hashed
            self._hashing = True
        return self._run(data, len(data))

    def catch_up(self, buffer: memoryview) -> None:
        """Hashes from the page cache what is there in order."""
        while True:
            with self.lock:
                if self._hashing or self.complete:
                    return
                count = min(self._available() - self._hashed, len(buffer))
                if count <= 0 and self.size:
                    return
                self._hashing = True
                at = self._hashed
            try:
                got = os.preadv(self.handle, [buffer[:count]], at) if count else 0
            except BaseException:
                with self.lock:
                    self._hashing = False
                raise
            if count and not got:  # the part is shorter than the journal said
                with self.lock:
                    self._hashing = False
                    self._reject(at, self.size)
                return
            self._run(buffer[:got], got)

    def _run(self, data: memoryview, count: int) -> bool:
        """Feeds the hash; the caller has set _hashing."""
        done = 0
        good = True
        while done < count and good:
            room = STEP - self._hashed % STEP
            piece = data[done : done + room]
            self._hash.update(piece)
            done += len(piece)
            with self.lock:
                self._hashed += len(piece)
            if self._hashed % STEP == 0:
                good = self._boundary()
        with self.lock:
            if good and self._hashed == self.size:
                self._end()
            self._hashing = False
            return not self.complete and self._available() > self._hashed

    def _boundary(self) -> bool:
        digest = self._hash.hexdigest()
        number = self._hashed // STEP - 1
        if number < len(self._expected) and self._expected[number] != digest:
            with self.lock:
                self._hash = self._before.copy()
                self._hashed -= STEP
                self._reject(self._hashed, self._hashed + STEP)
            return False
        self._before = self._hash.copy()
        self.digests.append(digest)
        return True

    def _end(self) -> None:
        digest = self._hash.hexdigest()
        if self.entry.sha256 and digest != self.entry.sha256:
            known = len(self._expected)
            if known and known == self.size // STEP == len(self.digests) and self.size % STEP:
                # every prefix is right, so the tail is wrong
                self._hash = self._before.copy()
                self._hashed = known * STEP
                self._reject(self._hashed, self.size)
                return
            self.wrong += 1
            self._check_attempts()
            self._reset()
            return
        self.sha256 = digest
        self.complete = True

    def _reject(self, start: int, stop: int) -> None:
        """The bytes of this range are wrong: they are fetched again."""
        self._tries[start] = self._tries.get(start, 0) + 1
        if self._tries[start] >= ATTEMPTS:  # perhaps the kept digests are wrong: trust only the manifest
            self._reset()
            return
        kept: List[Segment] = []
        for segment in self._segments:
            if segment.start < start:
                kept.append(Segment(segment.start, min(segment.stop, start), min(segment.pos, start), False))
            if segment.stop > stop:
                segment.start = max(segment.start, stop)
                segment.pos = max(segment.pos, stop)
                segment.fence = max(segment.fence, stop)
                kept.append(segment)
        self._segments = sorted(kept)
        bisect.insort(self._free, (start, stop))

    def _check_attempts(self) -> None:
        if self.wrong >= ATTEMPTS:
            raise Refusal("LLM612", path=self.entry.path, detail=self.wrong)

    def snapshot(self) -> Any:
        """The job's state for the journal."""
        return {
            "path": self.entry.path,
            "present": [list(span) for span in self.present()],
            "digests": list(self.digests),
        }
