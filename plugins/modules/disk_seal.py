#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: disk_seal
short_description: Removes identity, secrets and history from a machine or from the tree of a disk image
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - What is removed is data in the catalogue (C(seal/*.yml)); a vendor adds entries in a separate folder.
  - Clones of what was sealed make their own identity at their first boot.
options:
  root:
    description: The tree, or C(/) for the machine itself.
    type: path
    required: true
  apt_sources:
    description: The package sources that clones get in place of those of the build site; empty means none.
    type: list
    elements: str
    default: []
  keep_values:
    description:
      - A file (0600, on the same machine) in which the values that made this machine itself are kept, so that
        M(yitiji.deepseek.disk_check) can look for them. Only for trees, where it does not become part of the
        disk image.
    type: path
    default: ""
  rules:
    description: The catalogue. The action plugin sets it.
    type: dict
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.action
  - yitiji.deepseek.catalog
attributes:
  check_mode:
    support: full
    details: Says what is still there.
  diff_mode:
    support: full
    details: Shows the paths that are removed.
  action:
    details: Reads the catalogue.
"""

EXAMPLES = r"""
- name: Seal the tree of a disk image
  yitiji.deepseek.disk_seal:
    root: /var/lib/bake/tree
"""

RETURN = r"""
done:
  description: What was, or would be, done, by entry of the catalogue.
  type: dict
  returned: success
  sample: {host-keys: [etc/ssh/ssh_host_ed25519_key]}
"""

import json
from typing import Dict, List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import seal as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "required": True},
            "apt_sources": {"type": "list", "elements": "str", "default": []},
            "keep_values": {"type": "path", "default": ""},
            "rules": {"type": "dict"},
            "catalog_dirs": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    root, keep = module.params["root"], module.params["keep_values"]
    named = core.for_root(root, module.params["rules"] or {})
    rules = core.with_sources(named, module.params["apt_sources"])
    if keep and not module.check_mode:
        # a second run finds no values any more: those of the first one stay
        known = json.loads(read_text(keep) or "{}")
        write_atomic(keep, json.dumps({**known, **core.identities(root)}) + "\n", 0o600)
    try:
        found = core.seal(root, rules, dry=module.check_mode)
    except (OSError, ValueError) as error:
        fail(module, Refusal("LLM953", root=root, said=str(error)))
    done: Dict[str, List[str]] = {}
    for trace in found:
        done.setdefault(trace.rule, []).append(trace.path)
    before = "".join(f"{trace.act} {trace.path}\n" for trace in found)
    module.exit_json(changed=bool(found), done=done, diff={"before": before, "after": ""})


if __name__ == "__main__":
    main()
