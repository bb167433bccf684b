#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_engine_info
short_description: Reads the state of Docker on a node
version_added: 1.0.0
description:
  - Reads Docker's version and settings through its command line.
  - Compares them with what is wanted, and waits for a limited time until they match.
options:
  wanted:
    description: Values that the running engine must have, by the names under RETURN. Empty values are not compared.
    type: dict
    default: {}
  wait_seconds:
    description: Seconds to wait until the engine runs and has the wanted values.
    type: int
    default: 0
  refuse_unfit:
    description: Fail with LLM301 when Docker is a snap or runs rootless.
    type: bool
    default: false
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
"""

EXAMPLES = r"""
- name: Read the engine
  yitiji.deepseek.docker_engine_info:
  register: engine

- name: Wait until it runs with its own disk
  yitiji.deepseek.docker_engine_info:
    wanted: {running: true, data_root: /data/docker}
    wait_seconds: 60
"""

RETURN = r"""
engine:
  description: What was found.
  returned: always
  type: dict
  sample: {installed: true, path: /usr/bin/docker, snap: false, rootless: false, running: true, version: 26.1.5,
           storage_driver: overlay2, data_root: /var/lib/docker, cgroup_driver: systemd, logging_driver: json-file,
           registry_mirrors: [], runtimes: [runc], path_mtu: 1500, proxy: null}
mismatches:
  description: Wanted values that the engine does not have.
  returned: always
  type: list
  elements: str
  sample: []
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import engine as docker


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "wanted": {"type": "dict", "default": {}},
            "wait_seconds": {"type": "int", "default": 0},
            "refuse_unfit": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    deadline = time.monotonic() + module.params["wait_seconds"]
    while True:
        engine = docker.read()
        missing = docker.mismatches(engine, module.params["wanted"])
        if not missing or time.monotonic() >= deadline:
            break
        time.sleep(1)
    if module.params["refuse_unfit"]:
        try:
            docker.check(engine)
        except Refusal as refusal:
            fail(module, refusal, engine=engine)
    module.exit_json(changed=False, engine=engine, mismatches=missing)


if __name__ == "__main__":
    main()
