# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files below a folder, reached part by part: no link on the way can lead out of it.

The folder itself may be a link.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import Callable, Optional

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # opening a pipe must not wait for its other end


def folder(base: str, relative: str, make: bool = False) -> int:
    """A handle of the directory `relative` below `base`; OSError where a part of the path is a link or a file."""
    handle = os.open(base, FOLDER)
    try:
        for part in [word for word in relative.split("/") if word]:
            if part == "..":
                raise OSError(errno.EPERM, "leaves its directory", os.path.join(base, relative))
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=handle)
            try:
                below = os.open(part, FOLDER | os.O_NOFOLLOW, dir_fd=handle)
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.ENOTDIR):
                    place = os.path.join(base, relative)
                    raise OSError(errno.ENOTDIR, "a symbolic link where a directory belongs", place) from error
                raise
            os.close(handle)
            handle = below
        return handle
    except BaseException:
        os.close(handle)
        raise


def open_file(base: str, relative: str) -> int:
    """A handle for reading a plain file; OSError for anything else."""
    parent, name = os.path.split(relative)
    above = folder(base, parent)
    try:
        handle = os.open(name, READ, dir_fd=above)
    except OSError as error:
        if error.errno == errno.ELOOP:
            place = os.path.join(base, relative)
            raise OSError(errno.ELOOP, "a symbolic link, which is not followed", place) from error
        raise
    finally:
        os.close(above)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a plain file", os.path.join(base, relative))
    return handle


def look(base: str, relative: str) -> Optional[os.stat_result]:
    """The state of a plain file; None where there is none, or where it or a part of its path is a link."""
    parent, name = os.path.split(relative)
    try:
        above = folder(base, parent)
    except OSError:
        return None
    try:
        found = os.stat(name, dir_fd=above, follow_symlinks=False)
        return found if stat.S_ISREG(found.st_mode) else None
    except OSError:
        return None
    finally:
        os.close(above)


def put(base: str, relative: str, source: str) -> None:
    """Renames `source` to its place; missing directories are made."""
    parent, name = os.path.split(relative)
    above = folder(base, parent, make=True)
    try:
        os.replace(source, name, dst_dir_fd=above)
    finally:
        os.close(above)


def delete(base: str, relative: str) -> bool:
    """Removes a file, or a link in its place. False: nothing was there."""
    return _gone(base, relative, os.unlink)


def delete_folder(base: str, relative: str) -> bool:
    """Removes a directory if it is empty."""
    return _gone(base, relative, os.rmdir)


def _gone(base: str, relative: str, how: Callable[..., None]) -> bool:
    parent, name = os.path.split(relative)
    try:
        above = folder(base, parent)
    except OSError:
        return False
    try:
        how(name, dir_fd=above)
        return True
    except OSError:
        return False
    finally:
        os.close(above)
