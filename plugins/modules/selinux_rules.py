#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: selinux_rules
short_description: What SELinux must allow a service beyond its policy
version_added: 1.0.0
description:
  - Turns switches on, and gives ports and folders their types, where SELinux is on. What was changed is remembered
    for its owner, and only that is taken back. Where SELinux is off, nothing is done.
  - Needs C(semanage) and C(restorecon) on the node (LLM331).
options:
  owner:
    description: Whose rules these are; usually the role's name.
    type: str
    required: true
  state:
    description: Whether they are wanted.
    type: str
    choices: [present, absent]
    default: present
  switches:
    description: Switches of the policy (booleans) that must be on.
    type: list
    elements: str
    default: []
  ports:
    description: TCP ports by type.
    type: dict
    default: {}
  labels:
    description: Folders by type; everything in them gets it.
    type: dict
    default: {}
  state_dir:
    description: Where it is remembered, in the folder C(selinux).
    type: path
    default: /var/lib/yitiji
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Lists the commands.
"""

EXAMPLES = r"""
- name: Let nginx reach what is behind it, and listen there
  yitiji.deepseek.selinux_rules:
    owner: gateway
    switches: [httpd_can_network_connect]
    ports: {http_port_t: [8001]}
    labels: {httpd_sys_content_t: [/var/lib/yitiji/clients]}
"""

RETURN = r"""
"on":
  description: Whether SELinux is on.
  returned: success
  type: bool
  sample: true
done:
  description: The commands that were run, or would be.
  returned: success
  type: list
  elements: str
  sample: [setsebool -P httpd_can_network_connect on]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.selinux import Selinux, Wanted


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "owner": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "switches": {"type": "list", "elements": "str", "default": []},
            "ports": {"type": "dict", "default": {}},
            "labels": {"type": "dict", "default": {}},
            "state_dir": {"type": "path", "default": "/var/lib/yitiji"},
        },
        supports_check_mode=True,
    )
    given = module.params
    rules = Selinux(given["owner"], given["state_dir"], module.check_mode)
    try:
        wanted = Wanted(given["switches"], given["ports"], given["labels"])
        done = rules.present(wanted) if given["state"] == "present" else rules.absent()
    except Refusal as refusal:
        fail(module, refusal)
    after = "".join(f"{row}\n" for row in done)
    module.exit_json(changed=bool(done), on=rules.on(), done=done, diff={"before": "", "after": after})


if __name__ == "__main__":
    main()
