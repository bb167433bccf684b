#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: open_webui_data_info
short_description: Read what is in the users' data of Open WebUI on a node
version_added: 1.0.0
description:
  - Counts, administrators, the schema's revision, and which image used the data last. Works while the page is
    running.
options:
  record:
    description: File in which the role notes what ran with the data last.
    type: path
    required: true
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.open_webui.data
"""

EXAMPLES = r"""
- name: Look at the users' data
  yitiji.deepseek.open_webui_data_info:
    data_dir: /var/lib/yitiji/open-webui
    record: /var/lib/yitiji/open-webui.json
"""

RETURN = r"""
data:
  description: What is there; C(problem) when the database can't be read.
  returned: always
  type: dict
  sample: {exists: true, users: 12, chats: 310, files: 44, knowledge: 2, admins: [admin@example.org], revision: 8bcf}
record:
  description: What ran with the data last; empty when nothing did.
  returned: always
  type: dict
  sample: {database: sqlite, id: "sha256:…", ref: "ghcr.io/open-webui/open-webui:v0.12.4"}
"""

import json
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data as core


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={"data_dir": {"type": "path", "required": True}, "record": {"type": "path", "required": True}},
        supports_check_mode=True,
    )
    try:
        record = json.loads(read_text(module.params["record"]) or "{}")
    except ValueError as error:
        fail(module, Refusal("LLM732", path=module.params["record"], why=error))
    module.exit_json(changed=False, data=core.info(Path(module.params["data_dir"])), record=record)


if __name__ == "__main__":
    main()
