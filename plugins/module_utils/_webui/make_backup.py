# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes an archive of the users' data while the page rests, one at a time, and keeps the newest ones."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import signal
import socket
import time
from pathlib import Path
from typing import Any, Dict, Iterator

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data


def ended(signum: int, _frame: Any) -> None:
    raise SystemExit(f"ended by signal {signum}")


@contextlib.contextmanager
def at_rest(unit: str) -> Iterator[None]:
    """The page does not run meanwhile; a signal brings it back too."""
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
    with (folder / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ValueError("another backup runs") from error
        yield


def refuse(why: str, zh: str) -> Refusal:
    return Refusal("LLM725", why=Text(why, zh))


def make(params: Dict[str, Any]) -> Dict[str, Any]:
    folder, where = Path(params["directory"]), Path(params["data_dir"])
    secrets.private_folder(str(folder))
    needed = sum(path.stat().st_size for _, path in core.files_of(where))
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise refuse(f"{folder} has {free >> 20} MiB free, {needed >> 20} may be needed", f"{folder} 剩余空间不足")
    target = folder / "{}-{}.tar.gz".format(params["name"], time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    about = {
        "host": socket.gethostname(),
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "image": {k: params["image"].get(k) or "" for k in ("ref", "id")},
        "version": data.version_of(str(params["image"].get("ref") or "")),
    }
    with alone(folder), at_rest(params["unit"]):
        kept = core.secrets_of(Path(params["secrets_dir"]))
        manifest = core.write(target, where, kept, lambda db: {**about, **data.read(db)})
    digest = hashlib.sha256()
    with target.open("rb") as stream:
        for block in iter(lambda: stream.read(core.BLOCK), b""):
            digest.update(block)
    return {
        "path": str(target),
        "sha256": digest.hexdigest(),
        "counts": {name: manifest[name] for name in data.COUNTED},
        "removed": core.keep_newest(folder, params["name"] + "-", params["keep"]),
    }
