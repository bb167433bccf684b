#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: disk_tree
short_description: A fresh Debian tree to make a disk image of
version_added: 0.1.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Makes a tree with mmdebstrap and keeps the packages unpacked in an archive, so that the next one takes seconds.
  - A tree that was begun and not sealed yet stays, so that a bake that was cut off goes on with it.
options:
  path:
    description: Folder of the tree.
    type: path
    required: true
  cache:
    description: Folder of the archives.
    type: path
    required: true
  suite:
    description: Release of Debian.
    type: str
    required: true
  packages:
    description: Packages beside the smallest system.
    type: list
    elements: str
    required: true
  sources:
    description: Lines for C(sources.list); empty means the mirrors of the build machine.
    type: list
    elements: str
    default: []
  epoch:
    description: C(SOURCE_DATE_EPOCH), the time that takes the place of the day of the build.
    type: int
    required: true
  options:
    description: Further options of mmdebstrap.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds that it may take.
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
"""

RETURN = r"""
source:
  description: Where the tree came from, C(kept), C(cache) or C(mirror).
  type: str
  returned: outside check mode
  sample: cache
sources:
  description: The lines of C(sources.list).
  type: list
  elements: str
  returned: success
  sample: [deb http://mirror.example/debian trixie main]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import tree as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.write import Failed
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "cache": {"type": "path", "required": True},
            "suite": {"type": "str", "required": True},
            "packages": {"type": "list", "elements": "str", "required": True},
            "sources": {"type": "list", "elements": "str", "default": []},
            "epoch": {"type": "int", "required": True},
            "options": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 3600},
            "progress": {"type": "path"},
        },
        supports_check_mode=True,
    )
    params = module.params
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
    except Failed as failed:
        module.fail_json(msg=f"[LLM951] {failed}")
    module.exit_json(changed=source != "kept", source=source, sources=sources)


if __name__ == "__main__":
    main()
