#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: disk_tree
short_description: Makes a fresh Debian tree for a disk image
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Makes a tree with mmdebstrap and keeps the packages unpacked in an archive, so that the next one takes seconds.
  - A tree that is not sealed yet is kept, so that an interrupted bake continues with it.
options:
  path:
    description: Folder of the tree.
    type: path
    required: true
  state:
    description: V(present) makes the tree. V(sealed) records that it was sealed, so that the next bake starts over.
    type: str
    choices: [present, sealed]
    default: present
  cache:
    description: Folder of the archives. Required with O(state=present).
    type: path
  suite:
    description: Release of Debian. Required with O(state=present).
    type: str
  packages:
    description: Packages besides the smallest system. Required with O(state=present).
    type: list
    elements: str
  sources:
    description: Lines for C(sources.list); empty means the mirrors of the build machine.
    type: list
    elements: str
    default: []
  epoch:
    description: C(SOURCE_DATE_EPOCH) in seconds since 1970, the build's time. Required with O(state=present).
    type: int
  options:
    description: Further options of mmdebstrap.
    type: list
    elements: str
    default: []
  timeout:
    description: Time limit in seconds.
    type: int
    default: 3600
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
  - yitiji.deepseek.attributes.watched
attributes:
  check_mode:
    support: full
    details: Says whether a tree would be made.
"""

EXAMPLES = r"""
- name: Make a tree of Debian 13
  yitiji.deepseek.disk_tree:
    path: /var/lib/bake/tree
    cache: /var/lib/bake/cache
    suite: trixie
    packages: [systemd-sysv, openssh-server, linux-image-amd64, grub-cloud-amd64]
    epoch: 1763683200

- name: Remember that it was sealed
  yitiji.deepseek.disk_tree:
    path: /var/lib/bake/tree
    state: sealed
"""

RETURN = r"""
source:
  description: Where the tree came from, C(kept), C(cache) or C(mirror).
  type: str
  returned: outside check mode, with O(state=present)
  sample: cache
sources:
  description: The lines of C(sources.list).
  type: list
  elements: str
  returned: with O(state=present)
  sample: [deb http://mirror.example/debian trixie main]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import tree as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.write import Failed
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["present", "sealed"], "default": "present"},
            "cache": {"type": "path"},
            "suite": {"type": "str"},
            "packages": {"type": "list", "elements": "str"},
            "sources": {"type": "list", "elements": "str", "default": []},
            "epoch": {"type": "int"},
            "options": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 3600},
            "progress": {"type": "path"},
        },
        required_if=[("state", "present", ["cache", "suite", "packages", "epoch"])],
        supports_check_mode=True,
    )
    params = module.params
    if params["state"] == "sealed":
        module.exit_json(changed=core.seal(params["path"], write=not module.check_mode))
    try:
        sources = params["sources"] or core.machine_sources(params["suite"])
        tree = core.Tree(
            params["path"],
            params["cache"],
            params["suite"],
            params["packages"],
            sources,
            params["epoch"],
            params["options"],
        )
        if module.check_mode:
            module.exit_json(changed=not core.stands(tree), sources=sources)
        source = core.make(tree, Reporter(params["progress"], "tree").text)
    except (Failed, OSError) as failed:
        fail(module, Refusal("LLM951", said=str(failed)))
    module.exit_json(changed=source != "kept", source=source, sources=sources)


if __name__ == "__main__":
    main()
