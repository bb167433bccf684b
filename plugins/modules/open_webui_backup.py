#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: open_webui_backup
short_description: Puts all user data of Open WebUI on a node into one archive
version_added: 1.0.0
description:
  - Stops the page while it copies, so that database, uploads and vectors are consistent, and starts it again whatever
    happens.
  - The archive (0600) holds the data, the secrets that belong to them and a manifest with the sha256 of each file. It
    gets its name only when it is complete. Databases are checked on the way; a broken one fails with LLM725.
options:
  directory:
    description: Folder of the archives on the node; made with mode 0700.
    type: path
    required: true
  name:
    description: Beginning of the archive's name; the time is added.
    type: str
    default: open-webui
  unit:
    description: The page's unit. It is started again only if it ran.
    type: str
    default: yitiji-open-webui
  image:
    description: The image that ran with the data last (C(ref), C(id)).
    type: dict
    default: {}
  keep:
    description: How many archives stay; 0 keeps all.
    type: int
    default: 7
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.open_webui.archive
attributes:
  check_mode:
    support: full
    details: Says that an archive would be made.
  diff_mode:
    support: full
    details: Names the archive.
"""

EXAMPLES = r"""
- name: Back up the users' data
  yitiji.deepseek.open_webui_backup:
    directory: /var/lib/yitiji/backups
    data_dir: /var/lib/yitiji/open-webui
"""

RETURN = r"""
path:
  description: The archive; empty where there are no data yet.
  returned: always
  type: str
  sample: /var/lib/yitiji/backups/open-webui-20260101T020000Z.tar.gz
sha256:
  description: The archive's digest.
  returned: when one was made
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
counts:
  description: How many users, chats and files are in it.
  returned: when one was made
  type: dict
  sample: {users: 12, chats: 310, files: 44}
removed:
  description: Old archives that were removed.
  returned: always
  type: list
  elements: str
  sample: []
"""

import os
import sqlite3
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui.make_backup import make, refuse


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "name": {"type": "str", "default": "open-webui"},
            "data_dir": {"type": "path", "required": True},
            "secrets_dir": {"type": "path", "default": "/etc/yitiji/secrets"},
            "unit": {"type": "str", "default": "yitiji-open-webui"},
            "image": {"type": "dict", "default": {}},
            "keep": {"type": "int", "default": 7, "no_log": False},
        },
        supports_check_mode=True,
    )
    params = module.params
    os.umask(0o077)
    if not Path(params["data_dir"], data.DATABASE).exists():
        module.exit_json(changed=False, path="", removed=[], diff={"before": "", "after": ""})
    diff = {"before": "", "after": "an archive in {}\n".format(params["directory"])}
    if module.check_mode:
        module.exit_json(changed=True, path="", removed=[], diff=diff)
    try:
        module.exit_json(changed=True, diff=diff, **make(params))
    except (OSError, ValueError, sqlite3.Error) as error:
        refusal = refuse(str(error), str(error))
        fail(module, refusal)
    except Refusal as refusal:
        fail(module, refusal)


if __name__ == "__main__":
    main()
