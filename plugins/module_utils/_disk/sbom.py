# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tree holds, as lines of text, and in what two trees differ."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
from typing import Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.paths import below

BLOCK = 1024 * 1024


def describe(root: str) -> Dict[str, str]:
    """{path: kind, mode, owner and content}; times are left out, as all files of the disk get the same one."""
    return {path: _line(os.path.join(root, path)) for path in below(root)}


def _line(path: str) -> str:
    info = os.lstat(path)
    head = f"{stat.filemode(info.st_mode)} {info.st_uid}:{info.st_gid}"
    if stat.S_ISREG(info.st_mode):
        return f"{head} {info.st_size} {_digest(path)}"
    if stat.S_ISLNK(info.st_mode):
        return f"{head} -> {os.readlink(path)}"
    return f"{head} {info.st_rdev}" if stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode) else head


def _digest(path: str) -> str:
    total = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(BLOCK), b""):
            total.update(block)
    return total.hexdigest()


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> List[str]:
    """Paths that only one of them has, or that differ."""
    return sorted(path for path in {*old, *new} if old.get(path) != new.get(path))


def explain(paths: List[str], reasons: Mapping[str, str]) -> Dict[str, List[str]]:
    """{reason: paths} by patterns of paths; what nothing explains stands under an empty reason."""
    told: Dict[str, List[str]] = {}
    for path in paths:
        why = next((why for pattern, why in reasons.items() if fnmatch.fnmatchcase(path, pattern)), "")
        told.setdefault(why, []).append(path)
    return told


def text(described: Mapping[str, str]) -> str:
    return "".join(f"{line}  {path}\n" for path, line in sorted(described.items()))


def parse(lines: str) -> Dict[str, str]:
    """The other way round."""
    rows = [line.partition("  ") for line in lines.splitlines()]
    return {path: said for said, _gap, path in rows}
