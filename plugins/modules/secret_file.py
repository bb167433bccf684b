#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_file
short_description: Ensures that a secret is on the node
version_added: 1.0.0
description:
  - Generates a random secret on the node if there is none. It is never returned, shown or sent.
  - To change a secret, delete its file and run again.
options:
  name:
    description: Name of the secret (letters, digits, C(-)), and of its file.
    type: str
    required: true
  directory:
    description: Folder of the secrets; made and kept with mode 0700.
    type: path
    default: /etc/yitiji/secrets
  length:
    description: Length of a new secret, in characters.
    type: int
    default: 32
  value:
    description: A value of your own, for example from a vault, instead of a random one.
    type: str
    default: ""
  outside:
    description: The value was chosen by another system, so its strength is not checked.
    type: bool
    default: false
  state:
    description: V(absent) removes it.
    type: str
    choices: [present, absent]
    default: present
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says what would be made.
  diff_mode:
    support: full
    details: Shows whether it is there, never its value.
"""

EXAMPLES = r"""
- name: The engine's key
  yitiji.deepseek.secret_file:
    name: engine-key
"""

RETURN = r"""
path:
  description: Where it is.
  returned: always
  type: str
  sample: /etc/yitiji/secrets/engine-key
made:
  description: Whether the value is new in this run; false when only its mode was corrected.
  returned: always
  type: bool
  sample: true
"""

import os
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic

MODE = 0o600


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "directory": {"type": "path", "default": "/etc/yitiji/secrets"},
            "length": {"type": "int", "default": 32},
            "value": {"type": "str", "default": "", "no_log": True},
            "outside": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    name, given = module.params["name"], module.params["value"]
    path = Path(module.params["directory"], name)
    wanted = module.params["state"] == "present"
    try:
        core.check_name(name)
        if given and wanted and not module.params["outside"]:
            core.check_value(name, given)
    except Refusal as refusal:
        fail(module, refusal)
    value = core.read(path)
    wrong = core.problems(path, MODE, 0, 0)
    made = wanted and (value is None or bool(given and given != value))
    changed = made or bool(wrong) if wanted else path.exists()
    if changed and not module.check_mode:
        if wanted:
            core.private_folder(module.params["directory"])
            write_atomic(str(path), (given or value or core.make(module.params["length"])) + "\n", MODE, 0, 0)
        else:
            os.unlink(path)
    module.exit_json(
        changed=changed,
        path=str(path),
        made=made,
        diff={
            "before": "{}: {}\n".format(path, ", ".join(wrong) or "present"),
            "after": "{}: {}\n".format(path, ("new value" if made else "present") if wanted else "absent"),
        },
    )


if __name__ == "__main__":
    main()
