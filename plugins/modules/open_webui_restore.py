#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: open_webui_restore
short_description: Replaces the users' data on the node by those of a backup
version_added: 0.1.0
description:
  - Reads the whole archive first. An archive that is truncated, modified or not one of ours (LLM712), was made by a
    newer Open WebUI (LLM722), or would replace data in use (LLM726), is refused and nothing is changed.
  - Unpacks next to the data, then stops the page and swaps the folders. The previous data is kept. The page is left
    stopped, for the role to start it with its new secrets.
options:
  archive:
    description: The archive on the node, made by M(yitiji.deepseek.open_webui_backup).
    type: path
    required: true
  owner:
    description: User and group id inside the container.
    type: int
    default: 10001
  unit:
    description: The page's unit.
    type: str
    default: yitiji-open-webui
  image:
    description: The image that continues with the data (C(ref)).
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
  description: Folder with the data of before; delete it when nothing is missing.
  returned: success
  type: str
  sample: /var/lib/yitiji/open-webui.before-20260101T030000Z
"""

import os
import shutil
import sqlite3

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui.restore import Restore


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
        work.judge()
        there = data.info(work.data)
        if not module.check_mode:
            work.unpack()
            work.swap()
    except Refusal as refusal:
        fail(module, refusal)
    except (OSError, sqlite3.Error) as error:
        why = Text(str(error), str(error))
        fail(module, core.broken(module.params["archive"], why))
    finally:
        shutil.rmtree(work.stage, ignore_errors=True)
    counts = work.counts
    module.exit_json(
        changed=True,
        counts=counts,
        before=str(work.before) if there["exists"] else "",
        diff={"before": f"{ ({k: there.get(k, 0) for k in counts}) }\n", "after": f"{counts}\n"},
    )


if __name__ == "__main__":
    main()
