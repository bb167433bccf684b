#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_rules
short_description: Allows only named traffic to reach a node, and reverts wrong rules by itself
version_added: 1.0.0
description:
  - Keeps one nftables table (C(inet yitiji)) and touches no other. Packets are filtered before Docker redirects them,
    so ports that Docker publishes are closed like any other.
  - New rules are on probation. A timer on the node restores the old ones, unless the controller reaches the node over
    a B(new) connection and says that it did.
  - Rules that would block the SSH connection they arrive by are refused before anything is changed (LLM807).
options:
  admin_networks:
    description: Networks from which SSH is open.
    type: list
    elements: str
    default: []
  ssh_ports:
    description: Ports of SSH.
    type: list
    elements: str
    default: ["22"]
  client_networks:
    description: Networks from which the gateway is open.
    type: list
    elements: str
    default: []
  client_ports:
    description: Ports of the gateway.
    type: list
    elements: str
    default: ["80", "443"]
  peers:
    description: Addresses of nodes that compute together with this one.
    type: list
    elements: str
    default: []
  cluster_ports:
    description: Ports that are open to those, TCP and UDP.
    type: list
    elements: str
    default: []
  container_ports:
    description: TCP ports of the node that its own containers may reach.
    type: list
    elements: str
    default: []
  open:
    description: What else is open, each with C(ports), C(networks) and C(protocol).
    type: list
    elements: dict
    default: []
  probation:
    description: Seconds after which the old rules come back unless the new ones are confirmed.
    type: int
    default: 60
  force:
    description: Try rules even if they would shut out this connection. They are withdrawn automatically.
    type: bool
    default: false
  step:
    description: Set by the action; V(confirm) ends the probation.
    type: str
    choices: [try, confirm]
    default: try
  state:
    description: V(absent) removes the table, its unit and its file.
    type: str
    choices: [present, absent]
    default: present
  path:
    description: Where the rules are kept for the next boot.
    type: path
    default: /etc/yitiji/firewall.nft
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.action
attributes:
  check_mode:
    support: full
    details: Says what would change, and refuses what it would refuse.
  diff_mode:
    support: full
    details: Shows the rules before and after.
  action:
    details: Keeps new rules only after a new connection has got through them.
"""

EXAMPLES = r"""
- name: The gateway for the office, SSH for the operators
  yitiji.deepseek.firewall_rules:
    client_networks: [10.0.0.0/8]
    admin_networks: [10.1.2.0/24]
"""

RETURN = r"""
pending:
  description: Whether the rules are on probation.
  returned: always
  type: bool
  sample: false
rules:
  description: The script that was loaded.
  returned: with I(state=present)
  type: str
  sample: "table inet yitiji"
"""

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import firewall as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.firewall_trial import Places, Trial


@framed
def main() -> None:
    texts = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            "admin_networks": texts,
            "ssh_ports": {**texts, "default": ["22"]},
            "client_networks": texts,
            "client_ports": {**texts, "default": ["80", "443"]},
            "peers": texts,
            "cluster_ports": texts,
            "container_ports": texts,
            "open": {"type": "list", "elements": "dict", "default": []},
            "probation": {"type": "int", "default": 60},
            "force": {"type": "bool", "default": False},
            "step": {"type": "str", "choices": ["try", "confirm"], "default": "try"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "path": {"type": "path", "default": "/etc/yitiji/firewall.nft"},
        },
        supports_check_mode=True,
    )
    params: Dict[str, Any] = module.params
    trial = Trial(Places(rules=params["path"]))
    try:
        if params["state"] == "absent":
            module.exit_json(changed=trial.remove(module.check_mode), pending=False)
        before, text = read_text(params["path"]), core.render(params)
        if params["step"] == "confirm":
            trial.confirm(text)
            module.exit_json(changed=True, pending=False, rules=text)
        if not params["force"]:
            core.check_session(core.doors(params), trial.sessions(), params["ssh_ports"])
        changed = not trial.kept(text)
        pending = changed and not module.check_mode
        if pending:
            trial.begin(text, params["probation"])
    except Refusal as refusal:
        fail(module, refusal)
    module.exit_json(
        changed=changed,
        pending=pending,
        rules=text,
        diff={"before": before, "after": text, "before_header": params["path"], "after_header": params["path"]},
    )


if __name__ == "__main__":
    main()
