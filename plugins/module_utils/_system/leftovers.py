# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an uninstallation leaves on a node on purpose, how much it is, and how to remove it too."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from typing import Any, Callable, List, Mapping, NamedTuple, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import one, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sizes import size_text

# Kinds of what may stay, each a phrase `left.<kind>`, in the order in which they are told.
KINDS = ("weights", "page", "backups", "secrets", "state", "docker")
# Where Docker's own lie; somebody else's while the command is there.
DOCKER = ("/var/lib/docker", "/var/lib/containerd")
MOST = 200_000  # files that are looked at for a size


class Left(NamedTuple):
    kind: str
    path: str
    bytes: int


def places(settings: Mapping[str, Any]) -> List[Left]:
    """Every folder or file that may stay, the inner ones first; `settings`: by kind, with Docker's own data folder."""
    rows = [
        Left("weights", settings["weights"], 0),
        Left("page", settings["page"], 0),
        Left("backups", settings["backups"], 0),
        Left("secrets", "/etc/yitiji", 0),
        Left("state", "/var/lib/yitiji", 0),
    ]
    if not settings.get("docker_there"):
        rows += [Left("docker", path, 0) for path in dict.fromkeys([settings.get("docker") or DOCKER[0], *DOCKER[1:]])]
    return [row for row in rows if row.path]


def look(settings: Mapping[str, Any], root: str = "") -> List[Left]:
    """What is there, without what is listed for itself below it; an empty folder is nothing."""
    rows = places(settings)
    found = []
    for row in rows:
        inner = [root + other.path for other in rows if other.path.startswith(row.path.rstrip("/") + "/")]
        held = _bytes(root + row.path, inner)
        if held is not None:
            found.append(row._replace(bytes=held))
    return found


def _bytes(path: str, without: List[str]) -> Optional[int]:
    """The size of all files; None where there is none."""
    if os.path.islink(path) or os.path.isfile(path):
        return os.lstat(path).st_size
    total, seen = 0, 0
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in without]
        for name in names:
            seen += 1
            if seen > MOST:
                return total
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:
                continue
    return total if seen else None


def remove(settings: Mapping[str, Any], root: str = "") -> List[str]:
    """Removes all but weights, which role weights knows by name; a folder of theirs goes if nothing is left in it.

    What another file system holds stays (a mounted backup share); the folder of a mount itself is emptied.
    """
    gone = []
    for row in sorted(places(settings), key=lambda row: -len(row.path)):
        path = root + row.path
        if not os.path.lexists(path):
            continue
        if row.kind == "weights":
            _hollow(path)
        else:
            _remove(path, os.lstat(path).st_dev)
        if not os.path.lexists(path) or (os.path.isdir(path) and not os.listdir(path)):
            gone.append(row.path)
    return gone


def _hollow(path: str) -> None:
    for folder, _folders, _names in os.walk(path, topdown=False):
        _quietly(os.rmdir, folder)


def _remove(path: str, device: int) -> None:
    state = os.lstat(path)
    if state.st_dev != device:
        return
    if not stat.S_ISDIR(state.st_mode):
        os.unlink(path)
        return
    for name in os.listdir(path):
        _remove(os.path.join(path, name), device)
    _quietly(os.rmdir, path)


def _quietly(act: Callable[[str], None], path: str) -> None:
    with contextlib.suppress(OSError):  # a mount, or not empty: it is told as what is left
        act(path)


def docker_there() -> bool:
    """Whether somebody's Docker is there still; then its data is not ours to remove."""
    return shutil.which("dockerd", path="/usr/bin:/usr/sbin:/usr/local/bin:/bin:/sbin") is not None


def told(rows: List[Left]) -> List[str]:
    """A line for each, in the reader's language."""
    words = {row.kind: say(f"left.{row.kind}") for row in rows}
    return [one(f"{words[row.kind].en} / {words[row.kind].zh}: {row.path} ({size_text(row.bytes)})") for row in rows]
