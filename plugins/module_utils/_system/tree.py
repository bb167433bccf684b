# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files below a folder to which somebody else writes: no link is followed, neither in reading nor in writing."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import AbstractSet, BinaryIO, Callable, Iterator, List, NamedTuple, Optional

DEPTH = 32
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, a pipe put in a file's place would stop whoever opens it.
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Found(NamedTuple):
    name: str  # below the folder
    folder: int  # the file's own folder, open while the iteration stands here
    about: os.stat_result


def walk(
    top: Path, leave_out: AbstractSet[str] = frozenset(), skipped: Optional[Callable[[str], None]] = None
) -> Iterator[Found]:
    """Regular files, in order. All else (links, pipes, devices, other mounts) is reported to `skipped`."""
    handle = os.open(str(top), FOLDER)
    try:
        yield from _walk(handle, "", leave_out, skipped or (lambda name: None), os.fstat(handle).st_dev, DEPTH)
    finally:
        os.close(handle)


def _walk(
    folder: int, prefix: str, leave_out: AbstractSet[str], skipped: Callable[[str], None], device: int, depth: int
) -> Iterator[Found]:
    for name in _names(folder):
        path = prefix + name
        if path in leave_out:
            continue
        try:
            about = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISREG(about.st_mode):
                yield Found(path, folder, about)
                continue
            if not stat.S_ISDIR(about.st_mode) or about.st_dev != device or depth == 0:
                skipped(path)
                continue
            inner = os.open(name, FOLDER, dir_fd=folder)
        except FileNotFoundError:
            continue
        except OSError:  # a link has taken the folder's place
            skipped(path)
            continue
        try:
            yield from _walk(inner, path + "/", leave_out, skipped, device, depth - 1)
        finally:
            os.close(inner)


def _names(folder: int) -> List[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)


def open_file(name: str, folder: Optional[int] = None) -> BinaryIO:
    """A regular file for reading; OSError for anything else, whatever it was a moment ago."""
    handle = os.open(name, FILE, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{name}: not a regular file")
    return os.fdopen(handle, "rb")


def new_file(top: int, name: str, mode: int = 0o600) -> BinaryIO:
    """A new file below the open folder `top`; missing folders are made, links on the way are refused."""
    *folders, last = name.split("/")
    here = os.dup(top)
    try:
        for folder in folders:
            if folder in ("", ".", ".."):
                raise OSError(f"{name}: not a name below a folder")
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder, 0o700, dir_fd=here)
            inner = os.open(folder, FOLDER, dir_fd=here)
            os.close(here)
            here = inner
        if last in ("", ".", ".."):
            raise OSError(f"{name}: not a file's name")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.fdopen(os.open(last, flags, mode, dir_fd=here), "wb")
    finally:
        os.close(here)


def give(top: Path, uid: int, gid: int) -> None:
    """Gives a tree to an owner; of a link the link itself, never what it leads to."""
    for _where, folders, names, here in os.fwalk(str(top), follow_symlinks=False):
        for name in (*folders, *names):
            os.chown(name, uid, gid, dir_fd=here, follow_symlinks=False)
    os.chown(str(top), uid, gid, follow_symlinks=False)
