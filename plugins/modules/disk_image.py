#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: disk_image
short_description: Writes a tree to a disk image that boots
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - One GPT disk that boots by BIOS, by UEFI, and by UEFI with Secure Boot (shim and GRUB as Debian signs them).
  - Needs no mount, loop device or kernel module. The same tree gives the same bytes.
  - The root file system comes last and grows with the disk at the first boot.
options:
  tree:
    description: The tree, with kernel, shim and GRUB in it, not booted.
    type: path
    required: true
  dest:
    description: The disk image, C(NAME.raw). The file gets this name once it is complete.
    type: path
    required: true
  seed:
    description: A UUID from which all ids of the disk are made.
    type: str
    required: true
  epoch:
    description: C(SOURCE_DATE_EPOCH); no file is newer.
    type: int
    required: true
  free_mib:
    description: Free space in the root file system before it grows, in MiB.
    type: int
    default: 1024
  weights:
    description:
      - What becomes of C(/srv/models); V(none) leaves it as it is, V(partition) puts it in a partition of its own,
        V(disk) in an image of its own, C(NAME-models.raw).
    type: str
    choices: [none, partition, disk]
    default: none
  commandline:
    description: Further kernel parameters.
    type: str
    default: ""
  qcow2:
    description: Also write C(NAME.qcow2).
    type: bool
    default: false
  timeout:
    description: Time limit in seconds.
    type: int
    default: 21600
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
  - yitiji.deepseek.attributes.watched
attributes:
  check_mode:
    support: full
    details: Says that it would be written.
"""

EXAMPLES = r"""
- name: Write the disk
  yitiji.deepseek.disk_image:
    tree: /var/lib/bake/tree
    dest: /var/lib/bake/appliance.raw
    seed: 6f1c1d0e-5949-4a49-8000-000000000001
    epoch: 1763683200
"""

RETURN = r"""
files:
  description: The disk images, with their sizes and the bytes they take on the build machine's disk.
  type: dict
  returned: outside check mode
  sample: {/var/lib/bake/appliance.raw: {bytes: 3221225472, on_disk: 2147483648}}
seconds:
  description: Seconds spent.
  type: float
  returned: outside check mode
  sample: 48.2
"""

import os
import re
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import write as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "tree": {"type": "path", "required": True},
            "dest": {"type": "path", "required": True},
            "seed": {"type": "str", "required": True},
            "epoch": {"type": "int", "required": True},
            "free_mib": {"type": "int", "default": 1024},
            "weights": {"type": "str", "choices": ["none", "partition", "disk"], "default": "none"},
            "commandline": {"type": "str", "default": ""},
            "qcow2": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 21600},
            "progress": {"type": "path"},
        },
        supports_check_mode=True,
    )
    p = module.params
    if module.check_mode:
        module.exit_json(changed=True)
    began = time.monotonic()
    report = Reporter(p["progress"], os.path.basename(p["dest"]))
    wish = core.Wish(p["tree"], p["dest"], p["seed"], p["epoch"], p["free_mib"], p["weights"], p["commandline"])
    try:
        made = list(core.write(wish, report.bytes))
        if p["qcow2"]:
            report.text("qcow2")
            made.append(re.sub(r"\.raw$", "", p["dest"]) + ".qcow2")
            core.run(["qemu-img", "convert", "-O", "qcow2", p["dest"], made[-1] + ".part"])
            os.replace(made[-1] + ".part", made[-1])
    except (core.Failed, OSError, ValueError) as failed:
        fail(module, Refusal("LLM954", said=str(failed)))
    files = {path: {"bytes": os.path.getsize(path), "on_disk": os.stat(path).st_blocks * 512} for path in made}
    module.exit_json(changed=True, files=files, seconds=round(time.monotonic() - began, 1))


if __name__ == "__main__":
    main()
