# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hashes verified weights again, slowly, by a timer on the node: a change that keeps size and time shows nowhere else.

Where a file is found changed, twice in a row, the stamp goes: nothing starts on these weights until they are repaired.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import sys
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._models import inside
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    CHECKED,
    STAMP,
    WORK,
    check_stamp,
    file_state,
    read_json,
    remove,
    write_json,
)

BLOCK = 1 << 20


class Pace:
    """Bytes a second at most, over the whole run."""

    def __init__(
        self, rate: int, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._begin, self.done = clock(), 0

    def tick(self, count: int) -> None:
        self.done += count
        early = self._begin + self.done / self._rate - self._clock() if self._rate else 0.0
        if early > 0:
            self._sleep(early)


class Result(NamedTuple):
    folder: str
    changed: Sequence[str]  # files whose bytes are not those that were verified
    skipped: str  # why nothing was read; "": it was
    files: int = 0
    size: int = 0


def check(folder: str, pace: Pace) -> Result:
    if os.path.isdir(os.path.join(folder, WORK)):
        return Result(folder, (), "a download works on it")
    standing = check_stamp(folder)
    if standing.manifest is None or not standing.valid:
        return Result(folder, (), standing.reason)
    begin, manifest = time.time(), standing.manifest
    changed = []
    for file in manifest.files:
        before = file_state(folder, file.path)
        if any(_digest(folder, file.path, pace) == file.sha256 for _try in range(2)):
            continue
        if file_state(folder, file.path) != before or not _same(folder, manifest.digest()):
            return Result(folder, (), "a download works on it")
        changed.append(file.path)
    found = Result(folder, changed, "", len(manifest.files), manifest.bytes_total)
    if changed:
        remove(os.path.join(folder, STAMP))
    row = {"begin": begin, "end": time.time(), "files": found.files, "bytes": found.size, "changed": changed}
    write_json(os.path.join(folder, CHECKED), {"schema": 1, **row})
    return found


def _same(folder: str, digest: str) -> bool:
    found = check_stamp(folder)
    return found.valid and found.manifest is not None and found.manifest.digest() == digest


def _digest(folder: str, path: str, pace: Pace) -> str:
    """From the disk, where the page is not in use; '' where it can't be read."""
    found = hashlib.sha256()
    view = memoryview(bytearray(BLOCK))
    try:
        with os.fdopen(inside.open_file(folder, path), "rb", buffering=0) as source:
            _forget(source.fileno(), 0, 0)
            at = 0
            while True:
                count = source.readinto(view)
                if not count:
                    return found.hexdigest()
                found.update(view[:count])
                _forget(source.fileno(), at, count)
                at += count
                pace.tick(count)
    except OSError:
        return ""


def _forget(handle: int, start: int, count: int) -> None:
    """Pages that only this reading brought in; those that an engine has mapped stay."""
    with contextlib.suppress(OSError):
        os.posix_fadvise(handle, start, count, os.POSIX_FADV_DONTNEED)


def told(result: Result) -> str:
    if result.skipped:
        return f"{result.folder}: not read: {result.skipped}"
    if result.changed:
        return f"{result.folder}: CHANGED since they were verified: {', '.join(result.changed)}. Run site.yml again."
    return f"{result.folder}: {result.files} files as they were verified"


def main(_data: Any, argv: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="weights-check", description="Hash verified weights again, slowly.")
    parser.add_argument("--rate", type=int, default=0, help="bytes a second at most; 0: no limit")
    parser.add_argument("folders", nargs="+")
    args = parser.parse_args(argv)
    pace = Pace(args.rate)
    results = [check(folder, pace) for folder in args.folders]
    for result in results:
        print(told(result), file=sys.stderr if result.changed else sys.stdout)
    return 1 if any(result.changed for result in results) else 0


def last_check(folder: str) -> Optional[Dict[str, Any]]:
    """For the doctor: the last result; None where there is none, or the weights were repaired since."""
    data = read_json(os.path.join(folder, CHECKED)) or {}
    if data.get("schema") != 1 or not isinstance(data.get("end"), (int, float)):
        return None
    changed = [str(path) for path in data.get("changed") or []]
    if changed and os.path.exists(os.path.join(folder, STAMP)):  # it went with that result
        return None
    return {"folder": folder, "end": float(data["end"]), "changed": changed}
