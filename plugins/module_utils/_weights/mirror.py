# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other nodes as the source: each serves its folder, and a file can be taken once one of them has verified it."""

from __future__ import annotations

import random
import threading
import time
from typing import Any, Dict, List, Optional, Sequence, Set
from urllib.parse import quote

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Broken, Client, Connection
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.listing import Unfit, printable
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    HAVE,
    MANIFEST,
    PROGRESS,
    STAMP,
    WORK,
    Entry,
    Manifest,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.sources import HttpSource, Stream

AVOID = 5.0  # seconds for which a node that failed is not asked
OVERLAP = 3.0  # the first node may have begun, and failed, this much earlier
SILENT = 600.0  # seconds without a new file or byte anywhere, after which waiting ends


class MirrorSource(HttpSource):
    def __init__(self, client: Client, mirrors: Sequence[str]) -> None:
        super().__init__(client)
        self.bases = [mirror.rstrip("/") for mirror in mirrors]
        self.name = self.bases[0]
        self._connection = Connection(client)
        self._lock = threading.Lock()
        self._have: Dict[str, Set[str]] = {base: set() for base in self.bases}
        self._mark = ""
        self._avoid: Dict[str, float] = {}
        self._load: Dict[str, int] = {base: 0 for base in self.bases}
        self._manifest: Optional[Manifest] = None
        self._begin = self._news = time.monotonic()
        self._gave_up = ""  # why the first node ended without its files

    # what is wanted: the first node says

    def manifest(self, model: str, revision: str, wait: float, planned: Sequence[Entry] = ()) -> Manifest:
        """Waits until the first node knows what it fetches, and every hash that the plan does not name."""
        known = {file.path for file in planned if file.sha256}
        end = time.monotonic() + wait
        detail = ""
        while True:
            try:
                data = self._connection.json(f"{self.bases[0]}/{MANIFEST}")
                found = Manifest.judged(data) if data is not None else None
                if found is not None and (found.model, found.revision) == (model, revision):
                    if all(file.sha256 or file.path in known for file in found.files):
                        self._manifest = found
                        return found
                    end = max(end, self._news + SILENT)  # it reads them first from where no hash is known
                detail = f"it has no manifest of {model} {revision} yet"
                self._watch_first()
            except Unfit as error:
                raise Refusal("LLM610", model=model, detail=f"{self.bases[0]}: {error}") from error
            except (Broken, Refusal) as error:
                detail = str(error)
            if self._gave_up or time.monotonic() >= end:
                raise Refusal("LLM605", url=self.bases[0], detail=self._gave_up or detail)
            time.sleep(0.5)

    # who has what

    def poll(self) -> None:
        for base in self.bases:
            try:
                self._look(base)
            except (Broken, Refusal):
                self._avoid[base] = time.monotonic() + AVOID

    def _look(self, base: str) -> None:
        if self._manifest is None or len(self._have[base]) == len(self._manifest.files):
            return
        stamp = self._connection.json(f"{base}/{STAMP}")
        if isinstance(stamp, dict) and stamp.get("manifest_sha256") == self._manifest.digest():
            self._learn(base, {file.path for file in self._manifest.files})
            return
        if base == self.bases[0]:
            self._watch_first()
        have = self._connection.json(f"{base}/{WORK}/{HAVE}")
        if isinstance(have, dict):
            self._learn(
                base, {file.path for file in self._manifest.files if file.sha256 and have.get(file.path) == file.sha256}
            )

    def _watch_first(self) -> None:
        """While the first node receives bytes, its files will come, though large ones take long.

        Once it failed, none will.
        """
        state, now = self._connection.dated_json(f"{self.bases[0]}/{WORK}/{PROGRESS}")
        if not isinstance(state, dict):
            return
        updated = state.get("updated")
        if now is not None and isinstance(updated, (int, float)):  # both of that node's clock
            fresh = now - updated < time.monotonic() - self._begin + OVERLAP  # not left by a run of yesterday
            failed = state.get("state") == "failed" and fresh
            self._gave_up = f"it gave up: {printable(state.get('message'))}" if failed else ""
        mark = str(state.get("bytes_done"))
        if mark != self._mark:
            self._mark, self._news = mark, time.monotonic()

    def _learn(self, base: str, paths: Set[str]) -> None:
        with self._lock:
            if not paths <= self._have[base]:
                self._have[base] = paths
                self._news = time.monotonic()

    def holders(self, entry: Entry) -> List[str]:
        now = time.monotonic()
        with self._lock:
            return [base for base in self.bases if entry.path in self._have[base] and self._avoid.get(base, 0) < now]

    def pick(self, waiting: Sequence[Any]) -> Optional[int]:
        """The rarest of the files that some node has; by chance among equals, so that nodes fetch different ones."""
        best: List[int] = []
        fewest = 0
        for number, job in enumerate(waiting):
            count = len(self.holders(job.entry))
            if count and (not best or count < fewest):
                best, fewest = [number], count
            elif count and count == fewest:
                best.append(number)
        if best:
            self._news = time.monotonic()
            return random.choice(best)  # noqa: S311 - spreads load
        if self._gave_up:
            raise Refusal("LLM611", path=waiting[0].entry.path, url=self.bases[0], detail=self._gave_up)
        if time.monotonic() - self._news > SILENT:
            raise Refusal(
                "LLM611",
                path=waiting[0].entry.path,
                url=", ".join(self.bases),
                detail=f"no node has it, and none got a new file for {SILENT} s",
            )
        return None

    def open(self, handle: Optional[Connection], entry: Entry, start: int, stop: int) -> Stream:
        found = self.holders(entry)
        if not found:
            raise Broken("no node has it now")
        with self._lock:
            # the first node is the busiest, so it is the last choice among equals
            base = min(found, key=lambda base: (self._load[base], base == self.bases[0], random.random()))  # noqa: S311 - spreads load
            self._load[base] += 1
        try:
            stream = self.open_url(handle, f"{base}/{quote(entry.path)}", entry, start, stop)
        except (Broken, Refusal) as error:
            self._avoid[base] = time.monotonic() + AVOID
            with self._lock:
                self._load[base] -= 1
            raise Broken(f"{base}: {error}") from error
        return Counted(stream, self, base)

    def left(self, base: str, whole: bool) -> None:
        with self._lock:
            self._load[base] -= 1
        if not whole:
            self._avoid[base] = time.monotonic() + (AVOID if len(self.bases) > 1 else 0.0)


class Counted(Stream):
    def __init__(self, stream: Stream, owner: MirrorSource, base: str) -> None:
        self.stream, self.owner, self.base = stream, owner, base
        self.first, self.ranged = stream.first, stream.ranged
        self._failed = False

    def readinto(self, view: memoryview) -> int:
        try:
            return self.stream.readinto(view)
        except Broken:
            self._failed = True
            raise

    def finish(self, whole: bool) -> None:
        self.stream.finish(whole)
        self.owner.left(self.base, not self._failed)
