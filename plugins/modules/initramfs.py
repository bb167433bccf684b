#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: initramfs
short_description: Keeps files in the initramfs of every kernel
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Checks the initramfs of each kernel and rebuilds only those that lack one of the files or are older than it.
  - Checks again afterwards, and fails if the file is still missing (LLM226).
  - A kernel without an initramfs is left alone.
options:
  files:
    description: Files of the node that must be inside.
    type: list
    elements: path
    required: true
  kernels:
    description: Versions of the kernels.
    type: list
    elements: str
    default: []
  tools:
    description:
      - How an initramfs is listed and built, in the order of preference; the first one that is installed is used.
      - C({name, image, list, build}), with C({kernel}) and C({image}) filled in.
    type: list
    elements: dict
    required: true
  state:
    description: V(absent) rebuilds those that still hold one of the files.
    type: str
    choices: [present, absent]
    default: present
  timeout:
    description: Seconds for each build.
    type: int
    default: 600
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says which would be rebuilt.
  diff_mode:
    support: none
    details: The files are archives, so no difference is shown.
"""

EXAMPLES = r"""
- name: Keep nouveau out from the first moment on
  yitiji.deepseek.initramfs:
    files: [/etc/modprobe.d/yitiji-nouveau.conf]
    kernels: [6.1.0-40-amd64]
    tools:
      - name: initramfs-tools
        image: /boot/initrd.img-{kernel}
        list: [lsinitramfs, "{image}"]
        build: [update-initramfs, -u, -k, "{kernel}"]
"""

RETURN = r"""
images:
  description: State of each initramfs at the end, by kernel.
  returned: always
  type: list
  elements: dict
  sample:
    - {kernel: 6.1.0-40-amd64, path: /boot/initrd.img-6.1.0-40-amd64, fits: true, why: "", nouveau: true}
rebuilt:
  description: Kernels whose initramfs was, or would be, rebuilt.
  returned: always
  type: list
  elements: str
  sample: [6.1.0-40-amd64]
tool:
  description: What is used; empty where there is none.
  returned: always
  type: str
  sample: initramfs-tools
"""

import shutil
from typing import List, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import initramfs as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import SAFE_PATH, run


def find(name: str) -> Optional[str]:
    return shutil.which(name, path=SAFE_PATH)


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "path", "required": True},
            "kernels": {"type": "list", "elements": "str", "default": []},
            "tools": {"type": "list", "elements": "dict", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "timeout": {"type": "int", "default": 600},
        },
        supports_check_mode=True,
    )
    params = module.params
    inside = params["state"] == "present"
    tool = core.choose(params["tools"], lambda name: find(name) is not None)
    if tool is None:
        module.exit_json(changed=False, images=[], rebuilt=[], tool="")

    def ask(words: List[str]) -> Tuple[int, str]:
        done = run([find(words[0]) or words[0], *words[1:]], params["timeout"])
        return done.returncode, done.stdout + done.stderr

    images, rebuilt = [], []
    try:
        for kernel in params["kernels"]:
            image = core.look(tool, kernel, params["files"], inside, ask)
            if image is not None and not image.fits:
                rebuilt.append(kernel)
                if not module.check_mode:
                    said = ask(core.words(tool, "build", kernel))[1]
                    image = core.look(tool, kernel, params["files"], inside, ask)
                    if image is not None and not image.fits:
                        raise core.not_built(image, said)
            if image is not None:
                images.append(image._asdict())
    except Refusal as refusal:
        fail(module, refusal, images=images, rebuilt=rebuilt)
    module.exit_json(changed=bool(rebuilt), images=images, rebuilt=rebuilt, tool=str(tool["name"]))


if __name__ == "__main__":
    main()
