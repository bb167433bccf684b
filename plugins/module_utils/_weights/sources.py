# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where bytes come from: a hub, or a directory."""

from __future__ import annotations

import os
from typing import Any, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sure import sure
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Broken, Client, Connection, Response
from ansible_collections.yitiji.deepseek.plugins.module_utils._models import inside
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.hub import Hub


class Stream:
    """Bytes of a range, beginning at `first`."""

    first = 0
    ranged = True  # False: the whole file, although a range was asked for

    def readinto(self, view: memoryview) -> int:
        raise NotImplementedError

    def finish(self, whole: bool) -> None:
        raise NotImplementedError


class Source:
    """Where files come from; `connect` gives each thread a connection of its own."""

    name = ""

    def connect(self) -> Optional[Connection]:
        return None

    def open(self, handle: Optional[Connection], entry: Entry, start: int, stop: int) -> Stream:
        raise NotImplementedError

    def poll(self) -> None:
        """Called twice a second, for sources whose files become available one after the other."""

    def pick(self, waiting: Sequence[Any]) -> Optional[int]:
        """Index of the waiting job (smallest first) that is next; None where none can be fetched yet."""
        return len(waiting) - 1


class HttpStream(Stream):
    def __init__(self, answer: Response, first: int, ranged: bool) -> None:
        self.answer = answer
        self.first = first
        self.ranged = ranged

    def readinto(self, view: memoryview) -> int:
        return self.answer.readinto(view)

    def finish(self, whole: bool) -> None:
        if whole:
            self.answer.finish()
        else:
            self.answer.abandon()


class HttpSource(Source):
    def __init__(self, client: Client) -> None:
        self.client = client
        self.name = client.endpoint

    def connect(self) -> Connection:
        return Connection(self.client)

    def open_url(self, handle: Optional[Connection], url: str, entry: Entry, start: int, stop: int) -> Stream:
        handle = sure(handle)
        span = None if (start, stop) == (0, entry.size) else (start, stop)
        answer = handle.request(url, span)
        if answer.status == 206 and span:
            got = answer.content_range()
            if got is None or got[:2] != span or (answer.remaining is not None and answer.remaining != stop - start):
                answer.abandon()
                raise Broken(f"asked for {span}, got {got}")
            if got[2] is not None and got[2] != entry.size:
                answer.abandon()
                raise Broken(f"the hub's file has {got[2]} bytes, listed are {entry.size}", status=1)
            if answer.remaining is None:
                answer.remaining = stop - start
            return HttpStream(answer, start, True)
        if answer.status == 200:
            if answer.remaining is not None and answer.remaining != entry.size:
                announced = answer.remaining
                answer.abandon()
                raise Broken(f"the hub's file has {announced} bytes, listed are {entry.size}", status=1)
            return HttpStream(answer, 0, span is None)
        if answer.target == handle.client.home and answer.status in (401, 403):
            answer.abandon()
            raise Refusal("LLM608", url=self.name, detail=f"HTTP {answer.status} for {entry.path}")
        if answer.target == handle.client.home and answer.status in (404, 410):
            answer.abandon()
            raise Refusal("LLM611", path=entry.path, url=self.name, detail=f"HTTP {answer.status}")
        raise answer.failed()


class HubSource(HttpSource):
    def __init__(self, hub: Hub) -> None:
        super().__init__(hub.client)
        self._hub = hub

    def open(self, handle: Optional[Connection], entry: Entry, start: int, stop: int) -> Stream:
        return self.open_url(handle, self._hub.file_url(entry.path), entry, start, stop)


class FileStream(Stream):
    def __init__(self, handle: int, start: int) -> None:
        self.handle = handle
        self.first = start
        self.pos = start

    def readinto(self, view: memoryview) -> int:
        try:
            count = os.preadv(self.handle, [view], self.pos)
        except OSError as error:
            raise Broken(str(error)) from error
        self.pos += count
        return count

    def finish(self, whole: bool) -> None:
        os.close(self.handle)


class DirectorySource(Source):
    def __init__(self, path: str) -> None:
        self.name = self.path = path

    def open(self, handle: Optional[Connection], entry: Entry, start: int, stop: int) -> Stream:
        try:
            opened = inside.open_file(self.path, entry.path)
        except OSError as error:
            raise Refusal("LLM615", path=self.path, detail=f"{entry.path}: {error.strerror}") from error
        size = os.fstat(opened).st_size
        if size != entry.size:
            os.close(opened)
            raise Refusal(
                "LLM601", path=os.path.join(self.path, entry.path), detail=f"{size} bytes, listed are {entry.size}"
            )
        return FileStream(opened, start)
