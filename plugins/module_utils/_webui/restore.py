# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores the users' data from an archive: it is judged, unpacked beside the data and swapped in one step.

The data of before stay beside the new ones.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any, Dict, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import archive, secrets, tree
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui.snapshot import as_user

LOOK_SECONDS = 120  # for the counts of a database


class Restore:
    contents: archive.Contents = core.CONTENTS

    def __init__(self, params: Dict[str, Any]) -> None:
        self.params = params
        self.archive, self.data = Path(params["archive"]), Path(params["data_dir"])
        self.secrets = Path(params["secrets_dir"])
        self.stage = self.data.with_name(self.data.name + ".restore")
        self.before = self.data.with_name(self.data.name + time.strftime(".before-%Y%m%dT%H%M%SZ", time.gmtime()))
        self.kept = self.before.with_name(self.before.name + ".secrets")
        self.free = shutil.disk_usage(str(there(self.data.parent))).free
        self.counts: Dict[str, Any] = {}

    def judge(self) -> Dict[str, Any]:
        """The archive's manifest, every member of it accepted; nothing is changed."""
        manifest = core.read(self.archive, None, self.free, self.contents)
        if holds_page(manifest):
            version = data.version_of(str(self.params["image"].get("ref") or ""))
            core.fits(str(self.archive), manifest, version, self.params["admin"])
        self.replaces_nothing()
        return manifest

    def replaces_nothing(self) -> None:
        """Refuses to replace data in use, unless that is asked for (LLM726)."""
        if data.in_use(data.info(self.data)) and not self.params["replace"]:
            raise Refusal("LLM726", folder=self.data)

    def unpack(self) -> None:
        """Unpacks beside the data, and judges the database as the page's user: it is as foreign as the archive."""
        shutil.rmtree(str(self.stage), ignore_errors=True)
        reachable(self.data.parent)
        self.stage.mkdir(mode=0o700)
        manifest = core.read(self.archive, self.stage, self.free, self.contents)
        if not (self.stage / "data").is_dir():
            return
        owner, database = self.params["owner"], self.stage / "data" / data.DATABASE
        tree.give(self.stage / "data", owner, owner)
        os.chmod(str(self.stage / "data"), 0o700)
        if not holds_page(manifest):
            return
        os.chmod(str(self.stage), 0o711)  # noqa: S103 - the page's user must reach its own part, the others are 0600
        try:
            found = as_user(owner, owner, lambda: data.read(database), LOOK_SECONDS)
        except ValueError as error:
            raise core.broken(str(self.archive), Text(f"its database: {error}", f"其数据库：{error}")) from error
        finally:
            os.chmod(str(self.stage), 0o700)
        self.counts = {name: found[name] for name in data.COUNTED}

    def swap(self) -> None:
        """Puts the restored data in place of the data of before."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        comes = (self.stage / "data").is_dir()
        if comes:
            run(["systemctl", "stop", self.params["unit"]], 120)
        self.keep()
        if comes:
            self._swap_data()
        self.put()

    def _swap_data(self) -> None:
        fresh = str(self.stage / "data")
        try:
            if self.data.exists():
                if exchange(fresh, str(self.data), str(self.before)):
                    return
                os.rename(str(self.data), str(self.before))
            os.rename(fresh, str(self.data))
        except OSError:
            if not self.data.exists() and self.before.exists():
                os.rename(str(self.before), str(self.data))
            run(["systemctl", "start", "--no-block", self.params["unit"]], 60)
            raise

    def keep(self) -> None:
        """The secrets of the data of before stay beside them, where the page's container can't reach them."""
        found = core.secrets_of(self.secrets)
        if not self.data.exists() or not found:
            return
        self.kept.mkdir(mode=0o700)
        for name, path in found.items():
            copy(path, self.kept / name)

    def put(self) -> None:
        for name, path in core.secrets_of(self.stage / "secrets").items():
            copy(path, self.secrets / name)


def exchange(fresh: str, data: str, before: str) -> bool:
    """All at once, so that a kill leaves no moment without data; False, with nothing changed, where that can't be."""
    call = getattr(ctypes.CDLL(None), "renameat2", None)
    os.rename(fresh, before)
    if call and call(-100, os.fsencode(before), -100, os.fsencode(data), 2) == 0:
        return True
    os.rename(before, fresh)
    return False


def holds_page(manifest: Mapping[str, Any]) -> bool:
    return "data/" + data.DATABASE in manifest["members"]


def copy(source: Path, target: Path, mode: int = 0o600) -> None:
    """One of the small files, whole or not at all, into a folder of root's."""
    with tree.open_file(str(source)) as stream:
        text = stream.read().decode("utf-8")
    if not target.parent.is_dir():
        reachable(target.parent.parent)
        secrets.private_folder(str(target.parent))
    write_atomic(str(target), text, mode, 0, 0)


def there(folder: Path) -> Path:
    """The nearest folder that exists: on a bare node none of ours does."""
    while not folder.exists():
        folder = folder.parent
    return folder


def reachable(folder: Path) -> None:
    """Makes a folder, and those above it, that services' users can pass through, whatever the umask."""
    if folder.is_dir():
        return
    reachable(folder.parent)
    folder.mkdir()
    os.chmod(str(folder), 0o755)  # noqa: S103 - what is private lies below it
