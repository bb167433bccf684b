#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: leftovers
short_description: Tell what an uninstallation leaves on a node, or remove it
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Weights, the page's data, backups, secrets, what the roles remember, and Docker's data where Docker itself is gone.
  - Weights are removed by role C(weights), which knows them by name; here their folder goes if nothing is left in it.
  - What lies on another file system below one of these folders stays, and is told.
options:
  weights:
    description: The folder of the models.
    type: path
    required: true
  page:
    description: The folder of the page's data.
    type: path
    required: true
  backups:
    description: The folder of the backups.
    type: path
    required: true
  docker:
    description: Docker's data folder; empty takes Docker's own default.
    type: str
    default: ""
  state:
    description: V(told) tells what is there; V(absent) removes it first, and tells what is left after that.
    type: str
    choices: [told, absent]
    default: told
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Look at what stays
  yitiji.deepseek.leftovers:
    weights: /srv/models
    page: /var/lib/yitiji/open-webui
    backups: /var/lib/yitiji/backups
"""

RETURN = r"""
left:
  description: What is on the node, each with its kind, path and bytes.
  type: list
  elements: dict
  returned: success
  sample: [{kind: backups, path: /var/lib/yitiji/backups, bytes: 1048576}]
lines:
  description: The same in words, in the reader's language.
  type: list
  elements: str
  returned: success
  sample: ["backups: /var/lib/yitiji/backups (1.0 MB)"]
removed:
  description: Folders that are gone now.
  type: list
  elements: str
  returned: success
  sample: [/etc/yitiji]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import leftovers as core


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "weights": {"type": "path", "required": True},
            "page": {"type": "path", "required": True},
            "backups": {"type": "path", "required": True},
            "docker": {"type": "str", "default": ""},
            "state": {"type": "str", "choices": ["told", "absent"], "default": "told"},
        },
        supports_check_mode=True,
    )
    settings = {**module.params, "docker_there": core.docker_there()}
    there = core.look(settings)
    changed = module.params["state"] == "absent" and any(row.kind != "weights" for row in there)
    removed = []
    if module.params["state"] == "absent" and not module.check_mode:
        removed = core.remove(settings)
        there = core.look(settings)
    left = [row._asdict() for row in there]
    module.exit_json(changed=changed, left=left, lines=core.told(there), removed=removed)


if __name__ == "__main__":
    main()
