# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model's files in a directory: all of them verified, or no stamp."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sure import sure
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Client
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.harmful import refuse_own_code
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    DIGESTS,
    MANIFEST,
    STAMP,
    Entry,
    Manifest,
    Standing,
    check_stamp,
    file_state,
    moved,
    read_json,
    remove,
    sync_directory,
    write_json,
    write_stamp,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.formats import (
    Hashed,
    check_format,
    check_index,
    check_sets,
    hash_file,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.hub import (
    Hub,
    directory_listing,
    directory_of,
    unproven,
    with_hashes,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.job import STEP, Job, alone
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.journal import Journal, Work
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.mirror import MirrorSource
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.planned import (
    as_planned,
    few,
    pinned,
    standing_differs,
    vouched,
    wanted,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.remove import prune_old
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.request import Outcome, Request
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.sources import DirectorySource, HubSource, Source
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.space import check_space
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.transfer import Engine, Options

HUBS = ("modelscope", "bundle")
CONFIGS = ("config.json", "tokenizer_config.json")


class Weights:
    def __init__(self, request: Request, stop: Callable[[], str] = lambda: "") -> None:
        self.request = request
        self.outcome = Outcome(request)
        self._stop_asked = stop
        self._work = Work(request.dest)
        self._locked = False
        self._begin = time.monotonic()
        self._progress: Dict[str, Any] = {"schema": 1, "pid": os.getpid(), "model": request.model}
        self._reported = 0.0
        self._rates: List[Tuple[float, int]] = []
        self._digests: Dict[str, List[str]] = {}
        self._journal: Journal
        self._last_check = 0.0
        self._stopped = ""

    # the way through

    def run(self) -> Outcome:
        request = self.request
        if request.verify == "stamp" and not request.update:
            standing = self._standing()
            if standing.valid:
                self.outcome.manifest, self.outcome.verified = standing.manifest, True
                self.outcome.moved = standing_differs(request, standing, self.outcome.warnings)
                if not request.check:
                    self._work.tidy()
                return self.outcome
        if request.check and request.source == "mirror":
            self.outcome.changed = True  # the other nodes serve only while a real run is under way
            return self.outcome
        if request.check:
            manifest, _source = self._wanted()
            self._plan(manifest)
            return self.outcome
        self._work.open(request.lock_timeout, request.lease)
        self._locked = True
        done = False
        try:
            self._journal = self._work.load_journal()
            done = self._converge()
            return self.outcome
        except Refusal as error:
            self._report("failed", message=error.reason.en, force=True)
            raise
        finally:
            self._work.close(done)

    def _standing(self) -> Standing:
        request = self.request
        found = check_stamp(request.dest, request.model, request.revision, request.include, request.exclude)
        if found.valid and found.manifest and request.manifest_sha256 not in ("", found.manifest.digest()):
            return found._replace(reason="its manifest is not the expected one")
        return found

    def _converge(self) -> bool:
        self._report("listing", force=True)
        old = Manifest.load(os.path.join(self.request.dest, MANIFEST))
        manifest, source = self._wanted()
        _good, jobs = self._plan(manifest)
        if self.outcome.changed:
            remove(os.path.join(self.request.dest, STAMP))
            manifest.save(os.path.join(self.request.dest, MANIFEST))
            self._fetch(manifest, source, jobs)
        self._finish(manifest, old)
        return True

    # what is wanted

    def _wanted(self) -> Tuple[Manifest, Source]:
        request = self.request
        # the plan has just read it: a real run compares, a dry one need not ask again
        known = request.check and request.files and request.source in HUBS and request.verify != "full"
        source, listing = (Source(), list(request.files)) if known else self._listing()
        files, left_out = wanted(request, listing)
        self.outcome.left_out = [file.path for file in left_out]
        if not files:
            raise Refusal("LLM610", model=request.model, detail="no file is left after include and exclude")
        check_sets([file.path for file in files])
        manifest = Manifest(request.model, request.revision, files)
        pinned(request, source.name or request.source, manifest)
        return manifest, source

    def _listing(self, planned: bool = True) -> Tuple[Source, List[Entry]]:
        request = self.request
        asked = request if planned else request._replace(files=())
        if request.source == "directory":
            path = directory_of(request.source_dir, request.model)
            listing = directory_listing(path, request.model)
            self.outcome.warnings += [doubt_.message() for doubt_ in unproven(listing, path)]
            return DirectorySource(path), as_planned(asked, path, listing)
        if request.source == "mirror":
            vouched(request)
            trusted = request.peers or request.ca_path
            client = Client(request.mirrors[0], "", request.timeout, trusted, request.validate_certs, request.identity)
            mirror = MirrorSource(client, request.mirrors)
            listing = list(mirror.manifest(request.model, request.revision, request.mirror_wait, request.files).files)
            return mirror, as_planned(asked, mirror.name, listing)
        hub = Hub(
            Client(request.endpoint, request.token, request.timeout, request.ca_path, request.validate_certs),
            request.model,
            request.revision,
        )
        source = HubSource(hub)
        if request.verify == "full" and not request.update:
            standing = self._standing()
            if (standing.manifest and standing.reason in ("",)) or standing.changed:
                return source, list(sure(standing.manifest).files)  # what was verified once needs no listing
        try:
            listing = as_planned(asked, source.name, hub.listing())
            result = with_hashes(hub, listing, wanted(request, listing).wanted, request.workers)
        finally:
            hub.close()
        self.outcome.warnings += [doubt_.message() for doubt_ in unproven(wanted(request, result).wanted, source.name)]
        return source, result

    # what is there

    def _plan(self, manifest: Manifest) -> Tuple[List[Entry], List[Job]]:
        """Compares the disk with the manifest: files to verify, and jobs for those to fetch."""
        request, outcome = self.request, self.outcome
        outcome.manifest = manifest
        trusted, doubtful, missing = self._sort(manifest)
        good: List[Entry] = list(trusted)
        bad: List[Tuple[Entry, bool]] = []  # and whether known digests help
        if doubtful and (not request.check or request.verify == "full"):
            known = self._known_digests()
            for entry, hashed in self._hash_all(doubtful):
                if hashed and hashed.size == entry.size and entry.sha256 in ("", hashed.sha256):
                    good.append(entry)
                    self._digests[entry.path] = hashed.digests
                    if self._locked:
                        state = file_state(request.dest, entry.path)
                        self._journal.done[entry.path] = {
                            "state": state,
                            "sha256": hashed.sha256,
                            "digests": hashed.digests,
                        }
                else:
                    bad.append((entry, entry.path in known))
                    outcome.repaired.append(entry.path)
        jobs = [] if request.check else self._jobs(missing, bad)
        outcome.to_fetch = missing + [entry for entry, _known in bad]
        present = sum(stop - start for job in jobs for start, stop in job.present())
        outcome.to_fetch_bytes = sum(entry.size for entry in outcome.to_fetch) - present
        standing = self._standing()
        same = standing.manifest is not None and standing.manifest.digest() == manifest.digest()
        outcome.changed = bool(outcome.to_fetch) or not standing.valid or not same
        outcome.verified = not outcome.changed
        check_space(request.dest, outcome.to_fetch_bytes, len(outcome.to_fetch), request.model)
        return good, jobs

    def _sort(self, manifest: Manifest) -> Tuple[List[Entry], List[Entry], List[Entry]]:
        """Three lists: verified before and unchanged; there, but of unknown worth; missing."""
        trusted, doubtful, missing = [], [], []
        done = self._journal.done if self._locked else {}
        stamp = read_json(os.path.join(self.request.dest, STAMP)) or {}
        old = Manifest.load(os.path.join(self.request.dest, MANIFEST))
        stamped = {}
        if old and stamp.get("manifest_sha256") == old.digest():
            stamped = {file.path: file for file in old.files}
        for entry in manifest.files:
            state = file_state(self.request.dest, entry.path)
            record = done.get(entry.path) or {}
            if state is None or state[0] != entry.size:
                missing.append(entry)
            elif self.request.verify == "full":
                doubtful.append(entry)
            elif record.get("state") == state and record.get("sha256") == entry.sha256:
                trusted.append(entry)
                self._digests[entry.path] = record.get("digests") or []
            elif stamped.get(entry.path) == entry and (stamp.get("state") or {}).get(entry.path) == state:
                trusted.append(entry)
            else:
                doubtful.append(entry)
        return trusted, doubtful, missing

    def _hash_all(self, doubtful: List[Entry]) -> List[Tuple[Entry, Optional[Hashed]]]:
        count = [0]
        lock = threading.Lock()
        total = sum(entry.size for entry in doubtful)

        def tick(number: int) -> None:
            with lock:
                count[0] += number
            why = self._stop()
            if why:
                raise Refusal("LLM617", detail=why)

        def one_file(entry: Entry) -> Optional[Hashed]:
            return hash_file(os.path.join(self.request.dest, entry.path), tick)

        with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
            order = sorted(doubtful, key=lambda entry: -entry.size)
            pending = {entry.path: pool.submit(one_file, entry) for entry in order}
            while not all(future.done() for future in pending.values()):
                self._report("verifying", files_total=len(doubtful), bytes_total=total, bytes_done=count[0])
                time.sleep(0.05)
            return [(entry, pending[entry.path].result()) for entry in doubtful]

    def _known_digests(self) -> Dict[str, Any]:
        return read_json(os.path.join(self.request.dest, DIGESTS)) or {}

    def _jobs(self, missing: List[Entry], bad: List[Tuple[Entry, bool]]) -> List[Job]:
        jobs = []
        known = self._known_digests() if bad else {}
        for entry, _has_digests in bad:
            # off its final name at once; with digests of its prefixes only the bad ranges come again
            path, part = os.path.join(self.request.dest, entry.path), self._work.part(entry)
            remove(os.path.join(self.request.dest, STAMP))
            digests = known.get(entry.path) or []
            if alone(os.lstat(path)):
                os.replace(path, part)
            else:  # Ollama's store may hold the same file under another name; that one is not written to
                remove(path)
                digests = []
            present = [(0, entry.size)] if digests and len(digests) == entry.size // STEP else []
            jobs.append(Job(entry, part, present, digests))
        seen = {job.part for job in jobs}
        for entry in missing:
            part = self._work.part(entry)
            if part in seen:  # the same content twice: each needs a part of its own
                part = f"{part[:-5]}-{len(seen)}.part"
            seen.add(part)
            if os.path.lexists(part) and not alone(os.lstat(part)):
                remove(part)
            present, digests = self._journal.present(part)
            jobs.append(Job(entry, part, present, digests))
        self._work.keep_only([job.part for job in jobs])
        return jobs

    # fetching

    def _fetch(self, manifest: Manifest, source: Source, jobs: List[Job]) -> None:
        if not jobs:
            return
        request = self.request
        engine = Engine(source, jobs, request.dest, self._journal, self._options(), self._stop)
        total, files = manifest.bytes_total, len(manifest.files)
        base = total - self.outcome.to_fetch_bytes

        def report(fetched: int, named: int) -> None:
            self._report(
                "downloading",
                files_total=files,
                files_done=files - len(jobs) + named,
                bytes_total=total,
                bytes_done=min(total, base + fetched),
                bytes_fetched=fetched,
                message=engine.state(),
            )

        try:
            engine.run(report)
        except Refusal as error:
            other = self._moved(manifest) if error.rule in ("LLM601", "LLM612", "LLM611") else []
            if other:
                raise Refusal("LLM618", url=source.name, detail=f"{error.reason.en}; {few(other)}") from error
            raise
        finally:
            self.outcome.fetched = engine.fetched
        for path, job in engine.finished.items():
            self._digests[path] = job.digests

    def _options(self) -> Options:
        request = self.request
        return Options(request.workers, request.retries, pickles=bool(request.allow_pickle))

    def _moved(self, manifest: Manifest) -> List[str]:
        try:
            _source, listing = self._listing(planned=False)
            return moved(manifest.files, wanted(self.request, listing).wanted)
        except Refusal:
            return []

    def _finish(self, manifest: Manifest, old: Optional[Manifest]) -> None:
        request = self.request
        hashes = {path: record.get("sha256") or "" for path, record in self._journal.done.items()}
        files = [file if file.sha256 else file._replace(sha256=hashes.get(file.path, "")) for file in manifest.files]
        manifest = Manifest(manifest.model, manifest.revision, files)
        check_index(request.dest, [file.path for file in files])
        for file in files:
            if file.path not in self._digests:
                continue
            check_format(os.path.join(request.dest, file.path), file.path, not request.allow_pickle)
        for name in CONFIGS:  # of a stick nobody may have read it before
            refuse_own_code(request.model, read_json(os.path.join(request.dest, name)), request.allow_remote_code)
        if old is not None and request.prune:
            self.outcome.removed = prune_old(request.dest, old, manifest)
            self.outcome.changed = self.outcome.changed or bool(self.outcome.removed)
        self.outcome.manifest = manifest
        if self.outcome.changed or not self._standing().valid:
            known = {**self._known_digests(), **self._digests}
            kept = {file.path: known[file.path] for file in files if known.get(file.path)}
            write_json(os.path.join(request.dest, DIGESTS), kept)
            manifest.save(os.path.join(request.dest, MANIFEST))
            write_stamp(request.dest, manifest, request.include, request.exclude)
            sync_directory(request.dest)
        self.outcome.verified = True

    # reporting and stopping

    def _stop(self) -> str:
        if self._stopped:
            return self._stopped
        now = time.monotonic()
        if now - self._last_check > 0.5:
            self._last_check = now
            self._stopped = self._stop_asked() or (self._work.abandoned(self.request.lease) if self._locked else "")
        return self._stopped or self._stop_asked()

    def _report(self, state: str, force: bool = False, **values: Any) -> None:
        now = time.monotonic()
        if not self._locked or (not force and now - self._reported < 1.0):
            return
        self._reported = now
        self._progress.update(values, state=state, updated=time.time(), rate=None, eta_seconds=None)
        done = values.get("bytes_done")
        if done is not None:
            self._rates = [rate for rate in self._rates if now - rate[0] < 15 and rate[1] <= done] + [(now, done)]
            spent = now - self._rates[0][0]
            if spent >= 1:
                rate = (done - self._rates[0][1]) / spent
                self._progress["rate"] = int(rate)
                if rate > 0:
                    self._progress["eta_seconds"] = int((values["bytes_total"] - done) / rate)
        self._work.progress(self._progress)
