# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a bundle is complete and signed by its signer: signature, names and sizes, then every byte once."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Dict, List, NamedTuple, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.fetch import hash_file
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.finish import judge
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import (
    MANIFEST,
    Bundle,
    Differences,
    File,
    damaged,
    differences,
    parse,
    unreadable,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.signers import FIRST_USE, accept, remember
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import file_state, read_json, write_json
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text

Say = Callable[[int, int], None]  # bytes done, bytes in all


# What is checked again on the node, by the digests in this manifest. Everything else is read at every check: whoever
# prepares a disk can also give a changed file the old one's size and times.
CHECKED_LATER = ("weights", "image", "package")


class Trust(NamedTuple):
    """Whose signature counts. `signer`: the only key; `path`: file of known ones; `rule`: `known` or `first_use`."""

    signer: str
    path: str
    rule: str
    keep: bool = True  # remember a first signer


class Checked(NamedTuple):
    bundle: Bundle
    signer: str
    trust: str  # why it counts: set, known or first_use
    hashed: int  # bytes read in this run; 0: an earlier run read them, and no file changed since


def load(folder: str) -> Bundle:
    try:
        text = read_text(os.path.join(folder, MANIFEST))
    except (OSError, ValueError) as error:
        raise unreadable(folder, str(error)) from error
    if not text:
        raise unreadable(folder, f"there is no {MANIFEST}")
    return parse(text, folder)


def check(folder: str, trust: Trust, stamps: str, say: Say) -> Checked:
    """Refuses an incomplete bundle. `stamps`: where it is remembered which files were read and found intact."""
    if not os.path.isfile(os.path.join(folder, MANIFEST)):
        raise unreadable(folder, f"there is no {MANIFEST}")
    own = judge(folder)  # before anything in the manifest is believed
    why = accept(folder, own, trust.signer, trust.path, trust.rule)
    bundle = load(folder)
    found = differences(bundle, folder)
    if found.any():
        raise damaged(folder, found)
    stamp = os.path.join(stamps, _name(folder) + ".json")
    states: Dict[str, List[int]] = (read_json(stamp) or {}).get("files") or {}
    now = {file: file_state(folder, file.path) for file in bundle.files}
    doubtful = [
        file
        for file in now
        if file.kind not in CHECKED_LATER or now[file] is None or states.get(file.sha256 + file.path) != now[file]
    ]
    wrong = _hash(folder, doubtful, say)
    if wrong:
        raise damaged(folder, Differences([], wrong, []))
    if doubtful:
        os.makedirs(stamps, 0o700, exist_ok=True)
        rows = {file.sha256 + file.path: file_state(folder, file.path) for file in bundle.files}
        write_json(stamp, {"schema": 1, "files": rows})
    if why == FIRST_USE and trust.keep:
        remember(trust.path, own)
    return Checked(bundle, own, why, sum(file.size for file in doubtful))


def _full(folder: str, file: File) -> str:
    return os.path.join(folder, file.path)


def _name(folder: str) -> str:
    return hashlib.sha256(os.path.realpath(folder).encode("utf-8")).hexdigest()[:24]


def _hash(folder: str, files: List[File], say: Say) -> List[str]:
    """Paths whose content is not what it should be; on all cores."""
    total, count, lock = sum(file.size for file in files), [0], threading.Lock()

    def tick(number: int) -> None:
        with lock:
            count[0] += number

    def one_file(file: File) -> Optional[str]:
        try:
            return None if hash_file(_full(folder, file), tick) == file.sha256 else file.path
        except OSError:
            return file.path

    with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
        pending = [pool.submit(one_file, file) for file in sorted(files, key=lambda file: -file.size)]
        while not all(future.done() for future in pending):
            say(count[0], total)
            time.sleep(0.1)
        return sorted(path for path in (future.result() for future in pending) if path)
