#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: open_webui_restore
short_description: Puts the users' data of a backup in place of those on the node
version_added: 0.1.0
description:
  - Reads the whole archive first. One that is cut off, changed, foreign (LLM712), made by a newer Open WebUI (LLM704),
    or that would replace data somebody uses (LLM713), is refused with nothing changed.
  - Unpacks beside the data, then stops the page and changes places. What was there before stays beside it. The page is
    left stopped, for the role to start it with its new secrets.
options:
  archive:
    description: The archive on the node, made by M(yitiji.deepseek.open_webui_backup).
    type: path
    required: true
  owner:
    description: Number of the user and group inside the container.
    type: int
    default: 10001
  unit:
    description: The page's unit.
    type: str
    default: yitiji-open-webui
  image:
    description: The image that goes on with the data (C(ref)).
    type: dict
    required: true
  admin:
    description: Address of the administrator, who must be one in the backup too.
    type: str
    required: true
  replace:
    description: Whether data that somebody uses may be replaced.
    type: bool
    default: false
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.open_webui.archive
attributes:
  check_mode:
    support: full
    details: Reads and judges the archive, changes nothing.
  diff_mode:
    support: full
    details: Shows what is in the data before and after.
"""

EXAMPLES = r"""
- name: Put a backup in place
  yitiji.deepseek.open_webui_restore:
    archive: /var/lib/yitiji/backups/open-webui-20260101T020000Z.tar.gz
    data_dir: /var/lib/yitiji/open-webui
    image: {ref: "ghcr.io/open-webui/open-webui:v0.12.4"}
    admin: admin@appliance.local
"""

RETURN = r"""
counts:
  description: How many users, chats and files are there now.
  returned: success
  type: dict
  sample: {users: 12, chats: 310, files: 44}
before:
  description: Folder with what was there before; delete it when nobody misses anything.
  returned: success
  type: str
  sample: /var/lib/yitiji/open-webui.before-20260101T030000Z
"""

import os
import shutil
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, render
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
            raise Refusal(
                "LLM713",
                Text(f"{self.data} holds data that somebody uses.", f"{self.data} 中已有用户数据。"),
                Text(
                    "restore to a fresh node, or say open_webui_restore_replace: true (they are kept beside).",
                    "请恢复到新节点，或设 open_webui_restore_replace: true（原数据会保留在旁边）。",
                ),
            )
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


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "archive": {"type": "path", "required": True},
            "data_dir": {"type": "path", "required": True},
            "secrets_dir": {"type": "path", "default": "/etc/yitiji/secrets"},
            "owner": {"type": "int", "default": 10001},
            "unit": {"type": "str", "default": "yitiji-open-webui"},
            "image": {"type": "dict", "required": True},
            "admin": {"type": "str", "required": True},
            "replace": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    os.umask(0o077)
    work = Restore(module.params)
    try:
        manifest = work.judge()
        there = data.info(work.data)
        if not module.check_mode:
            work.unpack()
            work.swap()
    except Refusal as refusal:
        module.fail_json(msg=render(refusal), rule=refusal.rule)
    except (OSError, sqlite3.Error) as error:
        why = Text(str(error), str(error))
        module.fail_json(msg=render(core.broken(module.params["archive"], why)), rule="LLM712")
    finally:
        shutil.rmtree(work.stage, ignore_errors=True)
    counts = {name: manifest[name] for name in data.COUNTED}
    module.exit_json(
        changed=True,
        counts=counts,
        before=str(work.before) if there["exists"] else "",
        diff={"before": f"{ ({k: there.get(k, 0) for k in counts}) }\n", "after": f"{counts}\n"},
    )


if __name__ == "__main__":
    main()
