# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The download: a few connections, many ranges, hashes while the bytes arrive; a file is named when it is right.

Threads: workers (one connection each), hashers (for bytes that came ahead of the hash), a finisher
(disk, format, final name) and a keeper (flushes to the disk and writes the journal while the network works).
"""

from __future__ import annotations

import errno
import os
import threading
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Broken
from ansible_collections.yitiji.deepseek.plugins.module_utils._models import inside
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    HAVE,
    file_state,
    sync_directory,
    write_json,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.flush import flush
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.formats import check_format
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.job import SPLIT, Job, Segment
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.journal import Journal, make_directories
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.sources import Source

BUFFER = 1 << 20
NARROW = 4  # connections at first; more only when each is slow
ENOUGH = 64 << 20  # bytes per second on one connection: more of them would not help
PROGRESS = 1 << 20  # bytes that make a failure forgotten
BACKLOG = 128  # finished files that wait for the disk
KEEP_EVERY = 2.0
POLL_EVERY = 0.5


class Options(NamedTuple):
    workers: int = 8
    retries: int = 6
    pause: float = 0.5  # first pause after a failure, doubled each time
    longest_pause: float = 30.0
    pickles: bool = False  # allowed


class Engine:
    def __init__(
        self,
        source: Source,
        jobs: Sequence[Job],
        dest: str,
        journal: Journal,
        options: Options,
        stop: Callable[[], str] = lambda: "",
    ) -> None:
        self.source = source
        self.dest = dest
        self.journal = journal
        self.options = options
        self.fetched = 0
        self.finished: Dict[str, Job] = {}
        self._stop = stop
        self._jobs = list(jobs)
        self._waiting = sorted((job for job in jobs if job.size), key=lambda job: job.size)  # the largest is last
        self._active: List[Job] = []
        self._ended: List[Job] = []  # complete, not yet named
        self._lagging: List[Job] = []
        self._error: Optional[Refusal] = None
        self._halt = threading.Event()
        self._cond = threading.Condition()
        self._lag_cond = threading.Condition()
        self._end_cond = threading.Condition()
        self._done = threading.Event()
        self._wide = False
        self._busy_workers = 0
        self._synced: Dict[str, Any] = {}

        self._last_error = ""

    # running

    def run(self, report: Callable[[int, int], None]) -> None:
        """Fetches all; report(bytes fetched, files named) is called now and then from this thread."""
        if not self._jobs:
            return
        threads = [
            threading.Thread(target=self._guard, args=(self._work, number), daemon=True)
            for number in range(max(1, min(self.options.workers, len(self._jobs) * 16)))
        ]
        threads += [
            threading.Thread(target=self._guard, args=(self._hash_behind,), daemon=True)
            for _one in range(min(4, os.cpu_count() or 1))
        ]
        threads += [
            threading.Thread(target=self._guard, args=(loop,), daemon=True)
            for loop in (self._finish, self._keep, self._poll)
        ]
        for job in (each for each in self._jobs if not each.size):
            job.open()
            job.catch_up(memoryview(b""))
            self._ended.append(job)
        self._tell()
        for thread in threads:
            thread.start()
        try:
            self._watch(report)
        finally:
            self._halt.set()
            self._wake()
            for thread in threads:
                thread.join()
            self._save()
            for job in self._jobs:
                job.close()
        report(self.fetched, len(self.finished))
        if self._error:
            raise self._error

    def _watch(self, report: Callable[[int, int], None]) -> None:
        last, at = self.fetched, time.monotonic()
        while not self._done.wait(0.2) and not self._halt.is_set():
            why = self._stop()
            if why:
                self._fail(Refusal("LLM617", detail=why))
            now = time.monotonic()
            rate = (self.fetched - last) / (now - at)
            if not self._wide and self.fetched and rate < ENOUGH * max(1, self._busy_workers):
                self._wide = True
                self._wake()
            last, at = self.fetched, now
            report(self.fetched, len(self.finished))

    def _guard(self, target: Callable[..., None], *args: Any) -> None:
        try:
            target(*args)
        except Refusal as error:
            self._fail(error)
        except OSError as error:
            rule = "LLM101" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "LLM614"
            where, why = error.filename or self.dest, error.strerror
            self._fail(Refusal(rule, path=where, detail=why, model="the rest", free="nothing", needed="more bytes"))
        except Exception as error:  # a thread must not die silently
            self._fail(Refusal("LLM611", path="-", url=self.source.name, detail=f"{type(error).__name__}: {error}"))

    def _fail(self, error: Refusal) -> None:
        if self._error is None:
            self._error = error
        self._halt.set()
        self._wake()

    def _wake(self) -> None:
        for cond in (self._cond, self._lag_cond, self._end_cond):
            with cond:
                cond.notify_all()

    # fetching

    def _work(self, number: int) -> None:
        handle = self.source.connect()
        view = memoryview(bytearray(BUFFER))
        job: Optional[Job] = None
        try:
            while True:
                job, segment = self._next(number, job)
                if job is None or segment is None:
                    return
                try:
                    self._pull(handle, job, segment, view)
                except Broken as error:
                    self._broken(job, segment, error)
                finally:
                    job.release(segment)
                    with self._cond:
                        self._busy_workers -= 1
                        self._cond.notify()
        finally:
            if handle is not None:
                handle.close()

    def _next(self, number: int, last: Optional[Job]) -> Any:
        with self._cond:
            while not self._halt.is_set():
                self._active = [job for job in self._active if not job.complete]
                if not self._active and not self._waiting:
                    return None, None
                found = self._pick(number, last)
                if found:
                    self._busy_workers += 1
                    return found
                self._cond.wait(0.1)
        return None, None

    def _pick(self, number: int, last: Optional[Job]) -> Any:
        if number >= NARROW and not self._wide:
            return None
        now = time.monotonic()
        ready = [job for job in self._active if job.not_before <= now]
        if last in ready and last is not None:
            segment = last.claim()
            if segment:
                return last, segment
        number_or_none = self.source.pick(self._waiting) if self._waiting and len(self._ended) < BACKLOG else None
        if number_or_none is not None:
            job = self._waiting.pop(number_or_none)
            job.open()
            self._active.append(job)
            segment = job.claim()
            if segment:
                return job, segment
            self._lag(job)  # all bytes are there already: only the hash is missing
            return None
        for job in ready:
            segment = job.claim()
            if segment:
                return job, segment
        job_or_none = max(ready, key=lambda job: job.largest(), default=None)
        if job_or_none is not None and job_or_none.largest() >= 2 * SPLIT:
            segment = job_or_none.split()
            if segment:
                return job_or_none, segment
        return None

    def _pull(self, handle: Any, job: Job, segment: Segment, view: memoryview) -> None:
        stream = self.source.open(handle, job.entry, segment.pos, segment.stop)
        whole = False
        try:
            if not stream.ranged:
                job.single = True
                job.extend(segment)
            skip = segment.pos - stream.first
            while skip and not self._halt.is_set():
                count = stream.readinto(view[: min(skip, BUFFER)])
                if not count:
                    raise Broken("ended early")
                skip -= count
            while segment.pos < segment.stop and not self._halt.is_set():
                room = min(BUFFER, segment.stop - segment.pos)
                count = stream.readinto(view[:room])
                if not count:
                    raise Broken(f"ended {segment.stop - segment.pos} bytes early")
                data = view[: job.reserve(segment, count)]  # the range may have been split meanwhile
                self._write(job.handle, data, segment.pos)
                self.fetched += len(data)
                if job.feed(segment, data):
                    self._lag(job)
                if job.complete:
                    self._end(job)
                if job.moved >= PROGRESS:
                    job.failures = 0
            whole = segment.pos == segment.stop
        finally:
            stream.finish(whole)

    @staticmethod
    def _write(handle: int, data: memoryview, offset: int) -> None:
        while len(data):
            count = os.pwrite(handle, data, offset)
            data, offset = data[count:], offset + count

    def _broken(self, job: Job, segment: Segment, error: Broken) -> None:
        job.failures += 1
        job.moved = 0
        self._last_error = f"{job.entry.path}: {error}"
        if job.failures > self.options.retries:
            if error.status in {1, 416}:
                raise Refusal("LLM601", path=job.entry.path, detail=str(error))
            raise Refusal(
                "LLM611",
                path=job.entry.path,
                url=self.source.name,
                detail=f"{error}, {job.failures} times without progress",
            )
        pause = min(self.options.longest_pause, self.options.pause * 2 ** (job.failures - 1))
        pause = max(pause, error.wait)
        job.not_before = time.monotonic() + pause
        if error.status == 416:
            job.release(segment)
            job.restart()
        self._halt.wait(min(pause, 0.05))

    # hashing what came ahead

    def _lag(self, job: Job) -> None:
        with self._lag_cond:
            if job not in self._lagging:
                self._lagging.append(job)
                self._lag_cond.notify()

    def _hash_behind(self) -> None:
        view = memoryview(bytearray(BUFFER))
        while True:
            with self._lag_cond:
                while not self._lagging:
                    if self._halt.is_set() or self._done.is_set():
                        return
                    self._lag_cond.wait(0.5)
                job = self._lagging.pop(0)
            if self._halt.is_set():
                return
            job.catch_up(view)
            if job.complete:
                self._end(job)

    # finishing

    def _end(self, job: Job) -> None:
        with self._end_cond:
            if job not in self._ended and job.entry.path not in self.finished:
                self._ended.append(job)
                self._end_cond.notify()
        with self._cond:
            self._cond.notify_all()

    def _finish(self) -> None:
        folders = set()
        while len(self.finished) < len(self._jobs):
            with self._end_cond:
                while not self._ended:
                    if self._halt.is_set():
                        return
                    self._end_cond.wait(0.5)
                batch = list(self._ended)
            flush(self.dest, batch)
            for job in batch:
                job.close()
                folders.add(self._name(job))
            self._tell()
            with self._end_cond:
                self._ended = [job for job in self._ended if job not in batch]
            with self._cond:
                self._cond.notify_all()
        for folder in folders:
            sync_directory(folder)
        self._done.set()
        self._wake()

    def _tell(self) -> None:
        """Tells other nodes which files are here and verified."""
        have = {path: record.get("sha256") or "" for path, record in self.journal.done.items()}
        write_json(os.path.join(os.path.dirname(self.journal.path), HAVE), have, durable=False)

    def _name(self, job: Job) -> str:
        """Checks the format and gives the file its final name."""
        check_format(job.part, job.entry.path, not self.options.pickles)
        path = os.path.join(self.dest, job.entry.path)
        folder = os.path.dirname(path)
        make_directories(self.dest, folder)
        os.chmod(job.part, 0o644)
        inside.put(self.dest, job.entry.path, job.part)
        state = file_state(self.dest, job.entry.path)
        self.journal.done[job.entry.path] = {"state": state, "sha256": job.sha256, "digests": job.digests}
        self.finished[job.entry.path] = job
        return folder

    # keeping

    def _keep(self) -> None:
        """Sends bytes to the disk early and records what is safe there."""
        while not self._halt.is_set() and not self._done.wait(KEEP_EVERY):
            self._save()

    def _poll(self) -> None:
        while not self._halt.is_set() and not self._done.is_set():
            self.source.poll()
            with self._cond:
                self._cond.notify_all()
            self._done.wait(POLL_EVERY)

    def _save(self) -> None:
        with self._cond:
            active = [job for job in self._active + self._waiting if not job.complete]
        written: Dict[str, Any] = {}
        synced: Dict[str, Any] = {}
        for job in active:
            snapshot = job.snapshot()
            if not snapshot["present"]:
                continue
            name = os.path.basename(job.part)
            written[name] = snapshot
            try:
                if job.handle >= 0:
                    os.fdatasync(job.handle)
                    self._synced[name] = snapshot
            except OSError:
                pass  # closed meanwhile: it is complete
            if name in self._synced:
                synced[name] = self._synced[name]
            elif job.handle < 0:
                synced[name] = snapshot
        self.journal.save(written, synced, dict(self.journal.done), durable=True)

    def state(self) -> str:
        return self._last_error
