# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A GGUF file in Ollama's store: one file is linked, so it takes its space once; parts are merged into the store."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from typing import List

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.gguf_merge import (
    content,
    look,
    parts_of,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import MANIFEST, Manifest

WORK = ".yitiji-new-model"  # beside `blobs`: what lies in there under another name Ollama deletes
BLOCK = 16 << 20


def sources(path: str) -> List[List[object]]:
    """Name, size and time of every part, in which a change of the weights shows."""
    rows: List[List[object]] = []
    for part in parts_of(path):
        state = os.stat(part)
        rows.append([os.path.basename(part), state.st_size, state.st_mtime_ns])
    return rows


def digest(path: str) -> str:
    """The digest from the manifest of the verified weights, else from the file itself."""
    folder = os.path.dirname(path)
    while folder not in ("/", ""):
        manifest = Manifest.load(os.path.join(folder, MANIFEST))
        if manifest is not None:
            known = {file.path: file.sha256 for file in manifest.files}.get(os.path.relpath(path, folder))
            if known:
                return known
            break
        folder = os.path.dirname(folder)
    found = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(BLOCK), b""):
            found.update(block)
    return found.hexdigest()


def put(path: str, store: str, uid: int, gid: int) -> str:
    """Puts the GGUF into the store; returns its digest."""
    blobs = os.path.join(store, "blobs")
    if not os.path.isdir(blobs):
        os.makedirs(blobs, 0o755)
        os.chown(blobs, uid, gid)
    parts = parts_of(path)
    work = os.path.join(store, WORK)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(work)
    try:
        if len(parts) == 1:
            name = digest(path)
            _link(path, work, uid, gid)
        else:
            name = _merge(parts, work, uid, gid)
        os.replace(work, os.path.join(blobs, "sha256-" + name))
        _flush(blobs)
    finally:
        # also when the two were links to one file: renaming those does nothing
        with contextlib.suppress(FileNotFoundError):
            os.unlink(work)
    return name


def _link(path: str, work: str, uid: int, gid: int) -> None:
    try:
        os.link(os.path.realpath(path), work)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK):
            raise
        shutil.copyfile(path, work)
        with open(work, "rb+") as copy:
            os.fsync(copy.fileno())
        os.chown(work, uid, gid)


def _merge(parts: List[str], work: str, uid: int, gid: int) -> str:
    whole, found = look(parts), hashlib.sha256()
    with open(work, "xb") as out:
        os.chmod(work, 0o644)
        for block in content(whole):
            found.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    os.chown(work, uid, gid)
    return found.hexdigest()


def _flush(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
