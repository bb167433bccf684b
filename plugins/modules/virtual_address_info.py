#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: virtual_address_info
short_description: Look for the address of two gateways
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Says whether the address stands on an interface of this node and, if that is asked, whether anybody answers at it.
options:
  address:
    description: The IPv4 or IPv6 address.
    type: str
    required: true
  ask:
    description: Whether to ask the network, by one ping.
    type: bool
    default: false
  wait:
    description: Seconds to wait until this node holds it.
    type: int
    default: 0
  gone:
    description:
      - Whether to wait until this node does not hold it.
      - One that stops to hold it too late still counts as holding it.
    type: bool
    default: false
  stays:
    description: For how many of these seconds it must be so without a break.
    type: int
    default: 0
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
"""

EXAMPLES = r"""
- name: Wait until this gateway holds the address
  yitiji.deepseek.virtual_address_info:
    address: 10.0.0.9
    wait: 60
"""

RETURN = r"""
held:
  description: Whether this node holds it.
  returned: always
  type: bool
  sample: true
answers:
  description: Whether anybody answered a ping; false where nobody was asked.
  returned: always
  type: bool
  sample: false
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import virtual_address as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "address": {"type": "str", "required": True},
            "ask": {"type": "bool", "default": False},
            "wait": {"type": "int", "default": 0},
            "gone": {"type": "bool", "default": False},
            "stays": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    address = module.params["address"]
    gone, wait, stays = (module.params[name] for name in ("gone", "wait", "stays"))
    reached = core.waited(
        lambda: core.held(address, run) is not gone, wait, lambda: time.sleep(1), time.monotonic, stays
    )
    held = reached is not gone
    answers = module.params["ask"] and core.answers(address, run)
    module.exit_json(changed=False, held=held, answers=answers)


if __name__ == "__main__":
    main()
