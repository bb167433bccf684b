#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: engine_units_info
short_description: Finds the units that run engines on a node
version_added: 1.0.0
description:
  - Every unit that runs an engine carries the line C(X-Yitiji=engine). This module finds them, whatever they run, so
    that a switch to another engine or an uninstall knows what to remove.
options:
  planned:
    description: Units of a plan on this node, to learn which of them may restart one after another.
    type: list
    elements: dict
    default: []
  totals:
    description: C(totals) of the plan, which says how many engines serve each model, on other nodes too.
    type: dict
    default: {}
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
"""

EXAMPLES = r"""
- name: Look for engines
  yitiji.deepseek.engine_units_info:
  register: standing
"""

RETURN = r"""
rolls:
  description: Those of I(planned) that may restart one after another, as they are copies and each stays where it was.
  returned: always
  type: list
  elements: str
  sample: [yitiji-vllm-1, yitiji-vllm-2]
units:
  description: Names of the units without C(.service).
  returned: always
  type: list
  elements: str
  sample: [yitiji-vllm]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.units import marked, rolling
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.systemd import UNIT_DIR


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "planned": {"type": "list", "elements": "dict", "default": []},
            "totals": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    rolls = rolling(UNIT_DIR, module.params["planned"], module.params["totals"])
    module.exit_json(changed=False, units=marked(UNIT_DIR), rolls=rolls)


if __name__ == "__main__":
    main()
