# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proof that an archive can be restored: unpacked into a folder of its own, each file and database looked at there."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any, Dict, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import contents
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import archive, tree
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup as page
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui.snapshot import as_user, is_sqlite

SECONDS = 1800


def rehearse(path: Path, scratch: Path, owner: int) -> Dict[str, Any]:
    """Counts of what came out; a refusal or `ValueError` where it is not what went in. The folder goes again."""
    free = shutil.disk_usage(str(scratch.parent)).free
    shutil.rmtree(str(scratch), ignore_errors=True)
    scratch.mkdir(mode=0o700, parents=True)
    try:
        manifest = page.read(path, scratch, free, contents.CONTENTS)
        found = _files(scratch, manifest)
        if (scratch / "data").is_dir():
            found.update(_databases(scratch, owner, manifest))
        return found
    finally:
        shutil.rmtree(str(scratch), ignore_errors=True)


def _files(scratch: Path, manifest: Mapping[str, Any]) -> Dict[str, Any]:
    """From the disk once more, not as they were unpacked."""
    seen = 0
    for file in tree.walk(scratch):
        with tree.open_file(os.path.basename(file.name), file.folder) as stream:
            if archive.digest(stream) != manifest["members"][file.name][1]:
                raise ValueError(f"{file.name}: other bytes lie on the disk")
        seen += 1
    if seen != len(manifest["members"]):
        raise ValueError("{} of {} files came out".format(seen, len(manifest["members"])))
    return {"members": seen}


def _databases(scratch: Path, owner: int, manifest: Mapping[str, Any]) -> Dict[str, Any]:
    top = scratch / "data"
    names = []
    for file in tree.walk(top):
        with tree.open_file(os.path.basename(file.name), file.folder) as stream:
            if is_sqlite(stream):
                names.append(file.name)
    tree.give(top, owner, owner)
    os.chmod(str(scratch), 0o711)  # noqa: S103 - the page's user must reach its own part, the others are 0600
    found: Dict[str, Any] = as_user(owner, owner, lambda: _look(top, names), SECONDS)
    told = {name: manifest.get(name) for name in data.COUNTED if name in found}
    if told != {name: found[name] for name in told}:
        raise ValueError(f"the database holds {found}, the manifest says {told}")
    return found


def _look(top: Path, names: Any) -> Dict[str, Any]:
    for name in names:
        with contextlib.closing(sqlite3.connect(f"file:{top / name}?mode=ro", uri=True)) as db:
            state = db.execute("PRAGMA integrity_check").fetchone()[0]
        if state != "ok":
            raise ValueError(f"{name}: {state}")
    counts = data.read(top / data.DATABASE) if data.DATABASE in names else {}
    return {**{name: counts[name] for name in data.COUNTED if counts}, "databases": len(names)}
