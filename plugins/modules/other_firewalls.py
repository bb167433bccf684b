#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: other_firewalls
short_description: Opens firewalld and ufw for the appliance, or switches them off
version_added: 1.0.0
description:
  - What comes in must pass every firewall of a node. One that filters now is opened for what is wanted, or switched
    off; both are remembered and taken back. One that is installed but off is left alone.
options:
  state:
    description: Whether they let in what is wanted, stand aside, or are as they were before.
    type: str
    choices: [beside, instead, absent]
    default: beside
  ports:
    description: What has to come in, each with C(ports) and C(protocol) (C(tcp) or C(udp)).
    type: list
    elements: dict
    default: []
  peers:
    description: Addresses from which everything has to come in.
    type: list
    elements: str
    default: []
  container_ports:
    description: TCP ports of the node that its own containers reach.
    type: list
    elements: str
    default: []
  state_dir:
    description: Where it is remembered.
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
- name: Let people in through firewalld, if it runs
  yitiji.deepseek.other_firewalls:
    ports: [{ports: [80, 443], protocol: tcp}]
"""

RETURN = r"""
active:
  description: Those that filter.
  returned: success
  type: list
  elements: str
  sample: [firewalld]
done:
  description: The commands that were run, or would be.
  returned: success
  type: list
  elements: str
  sample: [firewall-cmd --zone=public --add-port=443/tcp]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.other_firewalls import Others, Wanted


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["beside", "instead", "absent"], "default": "beside"},
            "ports": {"type": "list", "elements": "dict", "default": []},
            "peers": {"type": "list", "elements": "str", "default": []},
            "container_ports": {"type": "list", "elements": "str", "default": []},
            "state_dir": {"type": "path", "default": "/var/lib/yitiji"},
        },
        supports_check_mode=True,
    )
    given = module.params
    rows = [(str(port), str(row.get("protocol") or "tcp")) for row in given["ports"] for port in row.get("ports") or []]
    wanted = Wanted(tuple(dict.fromkeys(rows)), tuple(given["peers"]), tuple(given["container_ports"]))
    others = Others(given["state_dir"], module.check_mode)
    active = others.active()
    try:
        acts = {"beside": lambda: others.beside(wanted), "instead": others.instead, "absent": others.absent}
        done = acts[given["state"]]()
    except Refusal as refusal:
        fail(module, refusal)
    if module.check_mode and done and given["state"] != "absent":
        what = say(f"firewall.{given['state']}")
        module.warn(Refusal("LLM159", names=", ".join(active), what=what, commands="; ".join(done)).message())
    module.exit_json(
        changed=bool(done), active=active, done=done, diff={"before": "", "after": "".join(f"{row}\n" for row in done)}
    )


if __name__ == "__main__":
    main()
