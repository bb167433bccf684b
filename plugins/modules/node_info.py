#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_info
short_description: Read the hardware and software facts of a node
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Reads operating system, kernel, CPU, memory, GPUs and other accelerators, driver, network, mounts,
    clock, listeners, container engines, services and packages.
  - Needs nothing but Python's standard library on the node, changes nothing, and never fails on odd hardware.
    What can't be known is V(null).
options:
  capture:
    description:
      - Also return everything that was read, so that the same facts can be worked out elsewhere.
      - Meant for support and for tests. It holds host names, addresses and command outputs.
    type: bool
    default: false
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
"""

EXAMPLES = r"""
- name: Read the node
  yitiji.deepseek.node_info:
  register: found

- name: Show the cards
  ansible.builtin.debug:
    var: found.node.gpus
"""

RETURN = r"""
node:
  description: The facts. C(problems) lists readers that failed on odd hardware.
  type: dict
  returned: always
  sample:
    schema: 1
    hostname: gpu01
    os: {id: debian, version: "12", codename: bookworm, arch: x86_64, libc: "2.36", cgroup: 2}
    kernel: 6.1.0-40-amd64
    cpu: {sockets: 2, cores: 48, threads: 96, model: Intel(R) Xeon(R) Gold 5418Y, flags: [avx2], numa_nodes: 2}
    memory: {total_bytes: 134986424320, available_bytes: 130000000000, swap_bytes: 0}
    gpus:
      - {index: 0, name: NVIDIA GeForce RTX 4090, vendor: nvidia, memory_bytes: 25757220864, free_bytes: 25757220864,
         compute_capability: "8.9", pci_id: "10de:2684", bus: "0000:17:00.0", uuid: GPU-0, nvlink: false}
    nvidia: {driver_version: 535.309.01, cuda_version: "12.2", module_version: 535.309.01}
    nvswitch: false
    clock: {epoch: 1764000000.0, synchronized: true, source: chrony}
capture:
  description: What was read, as the class C(Capture) takes it.
  type: dict
  returned: when O(capture=true)
  sample:
    files: {/proc/sys/kernel/osrelease: "6.1.0-40-amd64\n"}
    commands: {}
    links: {}
    spaces: {}
    directories: []
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, Recorder
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.read import read_node


@framed
def main() -> None:
    module = AnsibleModule(argument_spec={"capture": {"type": "bool", "default": False}}, supports_check_mode=True)
    if module.params["capture"]:
        recorder = Recorder(Host())
        module.exit_json(changed=False, node=read_node(recorder), capture=recorder.data())
    module.exit_json(changed=False, node=read_node())


if __name__ == "__main__":
    main()
