# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the users' data back from an archive: judged, unpacked beside, swapped in one step; the old data stay."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data


class Restore:
    def __init__(self, params: Dict[str, Any]) -> None:
        self.params = params
        self.archive, self.data = Path(params["archive"]), Path(params["data_dir"])
        self.secrets = Path(params["secrets_dir"])
        self.stage = self.data.with_name(self.data.name + ".restore")
        self.before = self.data.with_name(self.data.name + time.strftime(".before-%Y%m%dT%H%M%SZ", time.gmtime()))

    def judge(self) -> Dict[str, Any]:
        """The archive's manifest; nothing is changed here."""
        manifest = core.read(self.archive)
        version = data.version_of(str(self.params["image"].get("ref") or ""))
        core.fits(str(self.archive), manifest, version, self.params["admin"])
        if data.in_use(data.info(self.data)) and not self.params["replace"]:
            raise Refusal("LLM726", folder=self.data)
        free = shutil.disk_usage(self.data.parent).free
        if free < core.space_needed(manifest):
            why = Text(f"{self.data.parent} has too little room", f"{self.data.parent} 空间不足")
            raise core.broken(str(self.archive), why)
        return manifest

    def unpack(self) -> None:
        """Beside the data, and looked at again."""
        shutil.rmtree(self.stage, ignore_errors=True)
        self.stage.mkdir(mode=0o700, parents=True)
        core.read(self.archive, self.stage)
        data.read(self.stage / "data" / data.DATABASE)
        core.own(self.stage / "data", self.params["owner"], self.params["owner"])
        os.chmod(self.stage / "data", 0o700)

    def swap(self) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        run(["systemctl", "stop", self.params["unit"]], 120)
        self.keep_secrets()
        if self.data.exists():
            os.rename(self.data, self.before)
        try:
            os.rename(self.stage / "data", self.data)
        except OSError:
            if self.before.exists():
                os.rename(self.before, self.data)
            run(["systemctl", "start", "--no-block", self.params["unit"]], 60)
            raise
        for name, path in core.files_of(self.stage / "secrets"):
            secrets.private_folder(str((self.secrets / name).parent))
            write_atomic(str(self.secrets / name), path.read_text(encoding="utf-8"), 0o600, 0, 0)

    def keep_secrets(self) -> None:
        """Those that belong to the data of before go with them."""
        if not self.data.exists():
            return
        kept = self.data / ".secrets-before"
        shutil.rmtree(kept, ignore_errors=True)
        for name, path in core.secrets_of(self.secrets).items():
            secrets.private_folder(str((kept / name).parent))
            write_atomic(str(kept / name), path.read_text(encoding="utf-8"), 0o600, 0, 0)
