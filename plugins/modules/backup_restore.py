#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_restore
short_description: Brings a node back from a backup, or proves that it could
version_added: 1.0.0
description:
  - Reads the whole archive first. An archive that is truncated, modified, not one of ours or that holds anything but
    the files of a backup (LLM712), was made by a newer Open WebUI (LLM722), or would replace data in use (LLM726), is
    refused and nothing is changed.
  - Unpacks next to the page's data, then stops the page and swaps the folders; keys, passwords and certificates are
    written to the places of this node's settings. All that is replaced is kept. The roles make the rest.
  - With O(rehearse=true) the archive is unpacked into a folder of its own, every file and database is looked at there,
    and the folder is removed; the result is noted on the node.
options:
  archive:
    description: The archive on the node, in clear. Empty only looks at whether data in use would be replaced (LLM726).
    type: path
    default: ""
  config:
    description: The settings of the backup on this node, as role backup writes them.
    type: dict
    required: true
  image:
    description: The image that goes on with the data (C(ref)).
    type: dict
    default: {}
  admin:
    description: Address of the administrator, who must be one in the backup too.
    type: str
    default: ""
  replace:
    description: Whether data that somebody uses may be replaced.
    type: bool
    default: false
  rehearse:
    description: Whether to prove only.
    type: bool
    default: false
  name:
    description: Name of the backup in the note of a rehearsal.
    type: str
    default: ""
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Reads and judges the archive, changes nothing.
  diff_mode:
    support: full
    details: Shows what is in the page's data before and after.
"""

EXAMPLES = r"""
- name: Bring the node back
  yitiji.deepseek.backup_restore:
    archive: /var/lib/yitiji/backups/appliance-20260101T020000Z.tar.gz
    config: "{{ lookup('ansible.builtin.file', 'backup.json') | from_json }}"
    image: {ref: "ghcr.io/open-webui/open-webui:v0.12.4"}
    admin: admin@appliance.local
"""

RETURN = r"""
counts:
  description: How many users, chats and files are there now; of a rehearsal also members and databases.
  returned: success
  type: dict
  sample: {users: 12, chats: 310, files: 44}
before:
  description: Folder with the page's data of before; delete it when nobody misses anything.
  returned: success
  type: str
  sample: /var/lib/yitiji/open-webui.before-20260101T030000Z
kept:
  description: Folder with the keys, passwords and certificates of before.
  returned: success
  type: str
  sample: /var/lib/yitiji/open-webui.before-20260101T030000Z.secrets
"""

import os
import sqlite3
from pathlib import Path
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import record
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup.restore import Restore
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed, of_the_disk
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui.backup import broken


def rehearse(module: AnsibleModule, work: Restore) -> Dict[str, Any]:
    note, name = module.params["config"]["note"], module.params["name"]
    try:
        found = work.rehearse()
    except (Refusal, OSError, ValueError, sqlite3.Error) as error:
        record.failed(note, "rehearsed", str(error))
        raise Refusal("LLM746", path=name or module.params["archive"], why=Text(str(error), str(error))) from error
    record.note(note, "rehearsed", name=name, counts=found)
    return {"changed": True, "counts": found, "before": "", "kept": ""}


def restore(module: AnsibleModule, work: Restore) -> Dict[str, Any]:
    if not module.params["archive"]:
        work.replaces_nothing()
        return {"changed": False, "counts": {}, "before": "", "kept": ""}
    manifest = work.judge()
    there = data.info(work.data)
    counts = {name: manifest[name] for name in data.COUNTED if name in manifest}
    if not module.check_mode:
        work.unpack()
        work.swap()
        counts = work.counts
    before = {name: there.get(name, 0) for name in counts}
    return {
        "changed": True,
        "counts": counts,
        "before": str(work.before) if there["exists"] else "",
        "kept": str(work.kept) if work.kept.is_dir() else "",
        "diff": {"before": f"{before}\n", "after": f"{counts}\n"},
    }


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "archive": {"type": "path", "default": ""},
            "config": {"type": "dict", "required": True},
            "image": {"type": "dict", "default": {}},
            "admin": {"type": "str", "default": ""},
            "replace": {"type": "bool", "default": False},
            "rehearse": {"type": "bool", "default": False},
            "name": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    os.umask(0o077)
    result: Dict[str, Any] = {}
    try:
        work = Restore(module.params)
        try:
            rehearsed = module.params["rehearse"] and not module.check_mode
            result = rehearse(module, work) if rehearsed else restore(module, work)
        finally:
            work.clear()
    except Refusal as refusal:
        fail(module, refusal)
    except (OSError, ValueError, sqlite3.Error) as error:
        if of_the_disk(error):
            raise
        fail(module, broken(str(Path(module.params["archive"])), Text(str(error), str(error))))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
