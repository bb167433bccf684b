# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes weights: only what a manifest lists, and never what a process has open."""

from __future__ import annotations

import contextlib
import os
from typing import Dict, List, Set, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models import inside
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    CHECKED,
    DIGESTS,
    MANIFEST,
    STAMP,
    STATE_NAMES,
    Manifest,
    remove,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.journal import Work

LOCK_WAIT = 5.0
Identity = Tuple[int, int]


def identities(dest: str, paths: List[str]) -> Dict[Identity, str]:
    found = {}
    for path in paths:
        try:
            state = os.stat(os.path.join(dest, path))
            found[(state.st_dev, state.st_ino)] = path
        except OSError:
            pass
    return found


def users_of(files: Dict[Identity, str], proc: str = "/proc") -> List[str]:
    """Processes that have one of the files open or mapped, as text; those in containers too."""
    found = []
    for pid in sorted((name for name in os.listdir(proc) if name.isdigit()), key=int):
        if int(pid) != os.getpid() and (_open_files(proc, pid) | _mapped_files(proc, pid)) & set(files):
            try:
                with open(f"{proc}/{pid}/comm", encoding="utf-8", errors="replace") as source:
                    name = source.read().strip()
            except OSError:
                name = "?"
            found.append(f"{name} (pid {pid})")
    return found


def _open_files(proc: str, pid: str) -> Set[Identity]:
    found = set()
    try:
        for number in os.listdir(f"{proc}/{pid}/fd"):
            state = os.stat(f"{proc}/{pid}/fd/{number}")
            found.add((state.st_dev, state.st_ino))
    except OSError:
        pass
    return found


def _mapped_files(proc: str, pid: str) -> Set[Identity]:
    found = set()
    try:
        with open(f"{proc}/{pid}/maps", encoding="utf-8", errors="replace") as source:
            for line in source:
                parts = line.split(None, 5)
                if len(parts) > 5 and parts[4] != "0":
                    major, minor = parts[3].split(":")
                    found.add((os.makedev(int(major, 16), int(minor, 16)), int(parts[4])))
    except (OSError, ValueError):
        pass
    return found


def prune_old(dest: str, old: Manifest, new: Manifest) -> List[str]:
    """Removes what the old manifest lists and the new one does not."""
    keep = {file.path for file in new.files}
    gone = [file.path for file in old.files if file.path not in keep and os.path.lexists(os.path.join(dest, file.path))]
    _remove_files(dest, gone)
    return gone


def remove_all(dest: str, model: str, check: bool) -> List[str]:
    """Removes a model (LLM619 while it is used). Other files stay, and then the folder does too."""
    manifest = Manifest.load(os.path.join(dest, MANIFEST))
    listed = [file.path for file in manifest.files] if manifest else []
    if manifest and model and manifest.model != model:
        raise Refusal("LLM614", path=dest, detail=f"it holds {manifest.model}, not {model}")
    own = [name for name in STATE_NAMES if os.path.lexists(os.path.join(dest, name))]
    present = [path for path in listed if os.path.lexists(os.path.join(dest, path))]
    if check or not (own or present):
        return present + own
    work = Work(dest)
    if os.path.isdir(work.path):
        work.open(LOCK_WAIT)  # not under the feet of a download
    done = False
    try:
        users = users_of(identities(dest, present))
        if users:
            raise Refusal("LLM619", path=dest, detail=", ".join(users[:5]))
        remove(os.path.join(dest, STAMP))  # first: nothing may start on half a model
        _remove_files(dest, present)
        for name in (CHECKED, DIGESTS, MANIFEST):
            remove(os.path.join(dest, name))
        done = True
    finally:
        work.close(done)
    with contextlib.suppress(OSError):
        os.rmdir(dest)
    return present + own


def _remove_files(dest: str, paths: List[str]) -> None:
    folders = set()
    for path in paths:
        inside.delete(dest, path)
        folder = os.path.dirname(path)
        while folder:
            folders.add(folder)
            folder = os.path.dirname(folder)
    for folder in sorted(folders, key=len, reverse=True):
        inside.delete_folder(dest, folder)
