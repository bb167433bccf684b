# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules as Ansible packs them for nodes, kept from one run to the next."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import time
from typing import Iterable, List, Tuple

PACKED = "ansiballz_cache"  # Ansible's folder, in the temporary folder of a run
SOURCES = (".py",)
UNUSED = 30 * 86400.0  # seconds


def key(folders: Iterable[str], *words: str) -> str:
    """Other as soon as a file below one of the folders is another one: none of them is read for it."""
    total = hashlib.sha256("\0".join(words).encode())
    for folder in folders:
        for top, inner, files in sorted(os.walk(folder)):
            inner.sort()
            for name in sorted(files):
                if name.endswith(SOURCES):
                    place = os.path.join(top, name)
                    info = os.stat(place)
                    total.update(f"{place}\0{info.st_size}\0{info.st_mtime_ns}\0".encode())
    return total.hexdigest()


def _mine(folder: str) -> bool:
    """Nobody else may have put anything there: Ansible trusts what it finds."""
    try:
        info = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(info.st_mode) and info.st_uid == os.getuid() and not info.st_mode & 0o022


def _copied(source: str, target: str, of: Tuple[str, ...] = ("",)) -> List[str]:
    """What is in one folder and not in the other, whole or not at all."""
    done = []
    for name in sorted(os.listdir(source)):
        if name.endswith(".lock") or not name.startswith(of) or os.path.exists(os.path.join(target, name)):
            continue
        handle, place = tempfile.mkstemp(prefix=".part-", suffix=".lock", dir=target)
        os.close(handle)
        shutil.copyfile(os.path.join(source, name), place)
        os.replace(place, os.path.join(target, name))
        done.append(name)
    return done


def bring(store: str, wanted: str, temporary: str) -> List[str]:
    """Into a run that begins, what an earlier one packed from the same sources."""
    source, target = os.path.join(store, wanted), os.path.join(temporary, PACKED)
    if not (_mine(store) and _mine(source) and os.path.isdir(temporary)):
        return []
    os.makedirs(target, mode=0o700, exist_ok=True)
    return _copied(source, target)


def keep(store: str, wanted: str, temporary: str, of: Tuple[str, ...]) -> List[str]:
    """What a run packed of these packages; what no run has used for a month goes."""
    source, target = os.path.join(temporary, PACKED), os.path.join(store, wanted)
    if not os.path.isdir(source):
        return []
    os.makedirs(store, mode=0o700, exist_ok=True)
    if not _mine(store):
        return []
    os.makedirs(target, mode=0o700, exist_ok=True)
    os.utime(target)
    for name in os.listdir(store):
        place = os.path.join(store, name)
        if time.time() - os.lstat(place).st_mtime > UNUSED:
            shutil.rmtree(place, ignore_errors=True)
    return _copied(source, target, of) if _mine(target) else []
