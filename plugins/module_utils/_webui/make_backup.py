# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes an archive of the users' data, one at a time, and keeps the newest ones; the page rests only where it must."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import signal
import socket
import time
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import archive, secrets
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data

TRIES = 3


def ended(signum: int, _frame: Any) -> None:
    raise SystemExit(f"ended by signal {signum}")


@contextlib.contextmanager
def at_rest(unit: str) -> Iterator[None]:
    """Stops the page for a block of work; it is started again afterwards, also after a signal."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    ran = run(["systemctl", "is-active", "--quiet", unit], 30).returncode == 0
    try:
        if ran:
            run(["systemctl", "stop", unit], 120)
        yield
    finally:
        if ran:
            run(["systemctl", "start", "--no-block", unit], 60)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ValueError("another backup runs") from error
        yield


def refuse(why: str, zh: str) -> Refusal:
    return Refusal("LLM725", why=Text(why, zh))


def written(
    target: Path,
    page: Path,
    members: Mapping[str, Path],
    about: Mapping[str, Any],
    unit: str,
    live: bool,
    contents: archive.Contents = core.CONTENTS,
) -> Dict[str, Any]:
    """Make the archive while the page runs; it rests where its data do not stand still, or with `live` off."""
    for _try in range(TRIES if live else 0):
        try:
            return core.write(target, page, members, about, contents)
        except core.Moving:
            continue
    with at_rest(unit):
        return core.write(target, page, members, about, contents)


def room_for(folder: Path, page: Path) -> None:
    needed = sum(path.lstat().st_size for _name, path in core.files_of(page)) if page.is_dir() else 0
    free = shutil.disk_usage(str(folder)).free
    if free < needed:
        raise refuse(f"{folder} has {free >> 20} MiB free, {needed >> 20} may be needed", f"{folder} 剩余空间不足")


def told_of(image: Mapping[str, Any]) -> Dict[str, Any]:
    """Where, when and by which image the data were made."""
    return {
        "host": socket.gethostname(),
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "image": {k: image.get(k) or "" for k in ("ref", "id")},
        "version": data.version_of(str(image.get("ref") or "")),
    }


def digest_of(path: Path) -> str:
    with path.open("rb") as stream:
        return archive.digest(stream)


def make(params: Dict[str, Any]) -> Dict[str, Any]:
    folder, where, name = Path(params["directory"]), Path(params["data_dir"]), params["name"]
    secrets.private_folder(str(folder))
    room_for(folder, where)
    target = folder / "{}-{}.tar.gz".format(name, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    with alone(folder):
        kept = {"secrets/" + secret: path for secret, path in core.secrets_of(Path(params["secrets_dir"])).items()}
        manifest = written(target, where, kept, told_of(params["image"]), params["unit"], live=False)
    return {
        "path": str(target),
        "sha256": digest_of(target),
        "counts": {count: manifest[count] for count in data.COUNTED},
        "removed": core.keep_newest(target, name, params["keep"]),
    }
