#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_probe
short_description: Read from a node what the doctor's rules need
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Reads the facts of M(yitiji.deepseek.node_info) anew, the state of the weights, and asks the network
    whether the hub and the images can be reached from this node.
  - Every check is limited in time; all of them together take at most 25 s. Nothing is changed.
  - The action plugin of the same name adds how far the node's clock is from the controller's.
options:
  plan:
    description: The plan of the deployment; without one, only what needs none is read.
    type: dict
    default: {}
  settings:
    description:
      - What the deployment is told to do. Keys are V(deployment), V(weights_dir), V(docker_root), V(source),
        V(source_dir), V(endpoint), V(image_archives), V(registry_mirrors), V(ports), V(network),
        V(installs_driver) and V(ignore).
    type: dict
    default: {}
  plan_file:
    description: Where the controller keeps the plan of the last run; read when O(plan) is empty.
      One that another release made is passed over. Only as a task.
    type: path
  report_unreachable:
    description:
      - A node that can't be reached becomes a result of M(yitiji.deepseek.doctor) (LLM107) and does not end the run.
      - Only as a task.
    type: bool
    default: false
seealso:
  - module: yitiji.deepseek.doctor
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.action
attributes:
  action:
    details: Reads the saved plan, bounds the node's clock, and reports a node that cannot be reached.
"""

EXAMPLES = r"""
- name: Look at the node
  yitiji.deepseek.node_probe:
    plan: "{{ appliance_plan }}"
    settings:
      source: modelscope
      endpoint: https://www.modelscope.cn
      ports: {engine: 8000, https: 443}
  register: seen
"""

RETURN = r"""
node:
  description: Facts, as M(yitiji.deepseek.node_info) returns them.
  type: dict
  returned: always
  sample: {schema: 1, hostname: gpu01}
measures:
  description: What was read and asked beyond the facts.
  type: dict
  returned: always
  sample:
    weights: {exists: true, stamp: true, present_bytes: 15231233024}
    net: {hub: {ok: true, status: 200, reason: "", proxy: "", seconds: 0.2}}
epochs:
  description: The node's clock at the beginning and at the end.
  type: list
  elements: float
  returned: always
  sample: [1764000000.0, 1764000001.1]
plan:
  description: The plan that was used. Set by the action plugin.
  type: dict
  returned: when run as a task
  sample: {schema: 2, verdict: fits}
settings:
  description: The settings that were used. Set by the action plugin.
  type: dict
  returned: when run as a task
  sample: {deployment: demo}
clock:
  description:
    - Bounds of the node's clock minus the controller's, in seconds. Set by the action plugin.
  type: dict
  returned: when run as a task
  sample: {earliest: -0.6, latest: 0.4}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.collect import collect
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.read import read_node


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "plan": {"type": "dict", "default": {}},
            "settings": {"type": "dict", "default": {}},
            "plan_file": {"type": "path"},
            "report_unreachable": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    started = time.time()
    host = Host()
    node = read_node(host)
    measures = collect(host, node, module.params["plan"] or None, module.params["settings"])
    module.exit_json(changed=False, node=node, measures=measures, epochs=[started, time.time()])


if __name__ == "__main__":
    main()
