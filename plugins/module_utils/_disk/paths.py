# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files below a root that is not the running system's: a link never leads out of it."""

from __future__ import annotations

import fnmatch
import os
import shutil
import stat
from typing import Iterator, List


def names(path: str) -> List[str]:
    """What a folder holds; nothing where there is no folder, or only a link to one."""
    try:
        return sorted(os.listdir(path)) if stat.S_ISDIR(os.lstat(path).st_mode) else []
    except OSError:
        return []


def match(root: str, pattern: str) -> List[str]:
    """Paths relative to the root. `*` is within one name and takes hidden ones too; a last `**` is all below."""
    found = [""]
    for part in pattern.strip("/").split("/"):
        if part == "**":
            return [path for start in found for path in below(root, start)]
        if any(sign in part for sign in "*?["):
            found = [
                os.path.join(start, name)
                for start in found
                for name in names(os.path.join(root, start))
                if fnmatch.fnmatchcase(name, part)
            ]
        else:
            found = [os.path.join(start, part) for start in found if part in names(os.path.join(root, start))]
    return found


def below(root: str, start: str = "") -> Iterator[str]:
    """Every path below a folder, parents before children, in the order of their names."""
    for name in names(os.path.join(root, start)):
        path = os.path.join(start, name)
        yield path
        yield from below(root, path)


def delete(path: str) -> None:
    if stat.S_ISDIR(os.lstat(path).st_mode):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def inside(root: str, path: str) -> str:
    """Where a path stands; refuses one whose folder is reached by a link."""
    parts = path.strip("/").split("/")
    for depth in range(1, len(parts)):
        if os.path.islink(os.path.join(root, *parts[:depth])):
            raise ValueError(f"{path}: {'/'.join(parts[:depth])} is a link")
    return os.path.join(root, *parts)


def is_regular(path: str) -> bool:
    return stat.S_ISREG(os.lstat(path).st_mode)
