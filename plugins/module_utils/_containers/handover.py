# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image's archive for the other nodes of a deployment: written where there is room for it, or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.image import inspect

# Stores that write all layers below the data root first, and only then the archive; containerd's reads what it has.
SPOOLING = ("overlay2", "overlay", "fuse-overlayfs", "aufs", "btrfs", "zfs", "vfs", "devicemapper")
RESERVE = 1 << 30  # what others on the disk may need meanwhile
LOOK = 1.0  # seconds between two looks at how far it is
Progress = Callable[[int, int], None]


def lacking(needs: Sequence[Tuple[str, int]]) -> Optional[Text]:
    """Where these bytes do not fit beside each other and RESERVE; folders on one disk share what it has."""
    disks: Dict[int, List[Tuple[str, int]]] = {}
    for folder, size in needs:
        disks.setdefault(os.stat(folder).st_dev, []).append((folder, size))
    for there in disks.values():
        folder, needed = there[0][0], sum(size for _folder, size in there) + RESERVE
        free = shutil.disk_usage(folder).free
        if free < needed:
            have, need = f"{free / 2**30:.1f} GiB", f"{needed / 2**30:.1f} GiB"
            return say("image_no_room", folder=folder, free=have, needed=need)
    return None


def save(
    engine: Dict[str, Any], found: Dict[str, Any], ref: str, path: str, timeout: float, progress: Progress
) -> None:
    """Writes the archive to `path`, readable by all; LLM333 says why there is none then."""
    docker, size, folder = engine["path"], int(found.get("Size") or 0), os.path.dirname(path)
    try:
        os.makedirs(folder, 0o755, exist_ok=True)
        _remove(path)
        needs = [(folder, size)]
        if engine["storage_driver"] in SPOOLING:
            needs.append((engine["data_root"] or "/var/lib/docker", size))
        short = lacking(needs)
        if short:
            raise Refusal("LLM333", image=ref, problem=short)
        said = _write(docker, _name(docker, found, ref), path, timeout, lambda done: progress(done, size))
    except OSError as error:
        said = str(error)
    if said:
        _remove(path)
        raise Refusal("LLM333", image=ref, problem=said)


def _name(docker: str, found: Dict[str, Any], ref: str) -> str:
    """The tag where it is this image's, so that it comes with the archive; else the id."""
    tag, identity = ref.partition("@")[0], str(found["Id"])
    named = inspect(docker, tag)
    return tag if named is not None and named.get("Id") == identity else identity


def _write(docker: str, name: str, path: str, timeout: float, progress: Callable[[int], None]) -> str:
    """What went wrong, '' for nothing."""
    end = time.monotonic() + timeout
    with open(path, "wb") as out:
        os.fchmod(out.fileno(), 0o644)
        process = subprocess.Popen([docker, "save", name], stdout=out, stderr=subprocess.PIPE)
        try:
            status: Optional[int] = None
            while status is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    status = process.wait(LOOK)
                progress(os.fstat(out.fileno()).st_size)
                if status is None and time.monotonic() > end:
                    return f"time is up after {timeout:.0f} s"
            said = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
            return (said or f"exit status {status}") if status else ""
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stderr:
                process.stderr.close()


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.remove(path)
