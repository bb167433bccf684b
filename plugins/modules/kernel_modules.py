#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kernel_modules
short_description: Loads kernel modules and explains why one does not load
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Loads what is not loaded yet. A module that the kernel refuses for its signature is reported as LLM202, one that
    finds no card or does not exist as LLM213, with the kernel's own last messages.
options:
  names:
    description: The modules.
    type: list
    elements: str
    required: true
  timeout:
    description: Seconds for each module; machines with many cards take long.
    type: int
    default: 300
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
attributes:
  check_mode:
    support: full
    details: Says what would be loaded.
"""

EXAMPLES = r"""
- name: Load the driver
  yitiji.deepseek.kernel_modules:
    names: [nvidia, nvidia-uvm]
"""

RETURN = r"""
loaded:
  description: What was loaded, or would be.
  returned: always
  type: list
  elements: str
  sample: [nvidia, nvidia-uvm]
"""

from typing import List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import boot as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.kernel import kernel_log
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.system import modules
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import stream


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "required": True},
            "timeout": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    host = Host()
    there = modules(host)
    missing: List[str] = [name for name in module.params["names"] if name.replace("-", "_") not in there]
    for name in [] if module.check_mode else missing:
        status, said = stream(["modprobe", name], module.params["timeout"], lambda _line: None)
        if status != 0:
            log = (kernel_log(host) or [])[-6:]
            refusal = core.not_loaded(name, said, log)
            refusal.evidence = log
            fail(module, refusal, loaded=[])
    module.exit_json(changed=bool(missing), loaded=missing)


if __name__ == "__main__":
    main()
