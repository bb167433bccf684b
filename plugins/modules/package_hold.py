#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_hold
short_description: Holds a set of packages at their versions
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Holds every installed package whose name matches (C(apt-mark hold); with dnf its plugin versionlock, or
    excludes where that is not there), and keeps unattended-upgrades off the same set.
  - Remembers its own holds; those of others are neither counted nor released.
options:
  patterns:
    description: Regular expressions for the names.
    type: list
    elements: str
    default: []
  manager:
    description: The node's package manager.
    type: str
    choices: [apt, dnf]
    default: apt
  record:
    description: Where to remember what was held.
    type: path
    default: /var/lib/yitiji/driver-holds.json
  blacklist:
    description: The file for unattended-upgrades.
    type: path
    default: /etc/apt/apt.conf.d/52yitiji-hold
  state:
    description: V(absent) lifts what this module held.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says what would be held or lifted.
  diff_mode:
    support: full
    details: Lists the holds that are set or lifted.
"""

EXAMPLES = r"""
- name: Hold driver and kernel together
  yitiji.deepseek.package_hold:
    patterns: ['^(lib)?nvidia-', '^linux-(image|headers)(-|$)']
"""

RETURN = r"""
held:
  description: The packages of the set.
  returned: always
  type: list
  elements: str
  sample: [linux-image-amd64, nvidia-kernel-dkms]
lifted:
  description: Our holds that were, or would be, lifted.
  returned: always
  type: list
  elements: str
  sample: []
"""

import json
import os
from typing import Dict, List, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import hold as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import stream
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.apt import environment
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.kinds import manager_of

SECONDS = 600
LOCK_SECONDS = 300


def run(argv: List[str], seconds: float) -> Tuple[int, str]:
    return stream(argv, seconds, lambda _line: None, environment())


class Holds:
    def __init__(self, module: AnsibleModule) -> None:
        self.params, self.check = module.params, module.check_mode
        self.ours = core.names_of(json.loads(read_text(self.params["record"]) or "[]"))
        self.manager = manager_of(self.params["manager"], run, SECONDS, LOCK_SECONDS)
        wanted = self.params["state"] == "present"
        self.wanted = core.chosen(self.manager.installed(), self.params["patterns"]) if wanted else []

    def settle(self) -> Tuple[bool, Dict[str, List[str]]]:
        todo = core.todo(self.wanted, self.manager.held(), self.ours)
        ours = [name for name in self.ours if name in self.wanted] + todo["hold"]
        path = self.params["blacklist"] if self.params["manager"] == "apt" else ""
        text = core.blacklist(self.params["patterns"]) if self.wanted else ""
        changed = bool(todo["hold"] or todo["lift"] or (path and read_text(path) != text))
        if changed and not self.check:
            self.remember(sorted({*ours, *todo["lift"]}))
            core.set_holds(self.manager, todo)
            if path:
                put(path, text)
            self.remember(sorted(ours))
        return changed, todo

    def remember(self, names: List[str]) -> None:
        put(self.params["record"], json.dumps(names, indent=2) + "\n" if names else "")


def put(path: str, text: str) -> None:
    if text and read_text(path) != text:
        write_atomic(path, text, 0o644)
    elif not text and os.path.exists(path):
        os.unlink(path)


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "patterns": {"type": "list", "elements": "str", "default": []},
            "manager": {"type": "str", "choices": ["apt", "dnf"], "default": "apt"},
            "record": {"type": "path", "default": "/var/lib/yitiji/driver-holds.json"},
            "blacklist": {"type": "path", "default": "/etc/apt/apt.conf.d/52yitiji-hold"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        holds = Holds(module)
        changed, todo = holds.settle()
    except Refusal as refusal:
        fail(module, refusal)
    module.exit_json(
        changed=changed,
        held=holds.wanted,
        lifted=todo["lift"],
        diff={"before": "".join(f"{n}\n" for n in todo["lift"]), "after": "".join(f"{n}\n" for n in todo["hold"])},
    )


if __name__ == "__main__":
    main()
