#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_env
short_description: Gives secrets of the node to one service as a shell file
version_added: 1.0.0
description:
  - Writes C(export NAME='value') lines from files made by M(yitiji.deepseek.secret_file).
  - The file is readable by the service's own user only. A container mounts it and reads it at its start, so that
    nothing of it appears on a command line, in a unit or in C(docker inspect).
options:
  path:
    description: The file.
    type: path
    required: true
  variables:
    description:
      - Name of the variable to the name of the secret. The values of a list of names are joined by C(;); an empty name
        in it stands for an empty value.
    type: dict
    default: {}
  directory:
    description: Folder of the secrets.
    type: path
    default: /etc/yitiji/secrets
  owner:
    description: User and group id that read the file.
    type: int
    default: 10001
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
    details: Says whether the file would change.
  diff_mode:
    support: full
    details: Shows names, never values.
"""

EXAMPLES = r"""
- name: The engine's own copy of its key
  yitiji.deepseek.secret_env:
    path: /etc/yitiji/secrets/vllm.env
    variables:
      VLLM_API_KEY: engine-key
"""

RETURN = r"""
path:
  description: The file.
  returned: always
  type: str
  sample: /etc/yitiji/secrets/vllm.env
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secret_env as core


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "variables": {"type": "dict", "default": {}},
            "directory": {"type": "path", "default": "/etc/yitiji/secrets"},
            "owner": {"type": "int", "default": 10001},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    path, owner = Path(module.params["path"]), module.params["owner"]
    names, folder = module.params["variables"], Path(module.params["directory"])
    wanted = module.params["state"] == "present"
    try:
        text, missing = core.content(names, folder)
        if missing and wanted and not module.check_mode:
            raise Refusal("LLM147", names=missing, folder=folder)
    except Refusal as refusal:
        fail(module, refusal)
    found = core.state(path, owner, text, wanted)
    if found.changed and not module.check_mode:
        if wanted:
            core.put(path, owner, text)
        else:
            core.remove(path)
    module.exit_json(changed=found.changed, path=str(path), diff=core.diff(path, names, found, wanted))


if __name__ == "__main__":
    main()
