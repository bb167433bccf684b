#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: disk_machine
short_description: Boots the tree of a disk image as a container, and shuts it down
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Roles then run in the tree over SSH as on any machine, services and Docker included.
  - Works with systemd on the build machine and without. The tree has its own network behind a bridge.
options:
  tree:
    description: Folder of the tree. Process id and log lie beside it.
    type: path
    required: true
  name:
    description: Name of the container.
    type: str
    required: true
  bridge:
    description: A bridge of the build machine, for O(state=started).
    type: str
    default: ""
  state:
    description: Whether it runs.
    type: str
    choices: [started, stopped]
    default: started
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
attributes:
  check_mode:
    support: full
    details: Says whether it would be started or stopped.
"""

EXAMPLES = r"""
- name: Boot the tree
  yitiji.deepseek.disk_machine:
    tree: /var/lib/bake/tree
    name: bake
    bridge: virbr0
"""

RETURN = r"""
pid:
  description: Process id of the container, 0 when it does not run.
  type: int
  returned: success
  sample: 4711
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import machine as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.write import Failed


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "tree": {"type": "path", "required": True},
            "name": {"type": "str", "required": True},
            "bridge": {"type": "str", "default": ""},
            "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
        },
        required_if=[("state", "started", ["bridge"])],
        supports_check_mode=True,
    )
    tree, name, wanted = module.params["tree"], module.params["name"], module.params["state"] == "started"
    running = core.pid(tree)
    if module.check_mode:
        module.exit_json(changed=bool(running) != wanted, pid=running)
    try:
        changed = core.start(tree, name, module.params["bridge"]) if wanted else core.stop(tree, name)
    except (Failed, OSError) as failed:
        fail(module, Refusal("LLM952", said=str(failed)))
    module.exit_json(changed=changed, pid=core.pid(tree))


if __name__ == "__main__":
    main()
