#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: appliance_generation
short_description: Keep what a run left on a node, and tell what earlier runs left
version_added: 1.0.0
description:
  - Keeps units, settings, the images' ids, the plan and what was locked under the next number, if any of it is other
    than in the newest one. The newest generation and the one before it are kept whole.
  - Images that this project brought to the node leave it with the last generation that has them, unless a container has
    them or they have another name, too.
author: The yitiji.deepseek engineers (@yitiji)
options:
  state:
    description: V(present) keeps what is there, V(told) only tells what is kept.
    type: str
    choices: [present, told]
    default: present
  plan:
    description: The deployment's plan, for O(state=present).
    type: dict
    default: {}
  content:
    description: What the deployment consists of. The action plugin sets it.
    type: dict
    default: {}
  by:
    description: Who ran it. The action plugin sets it.
    type: str
    default: ""
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.action
attributes:
  action:
    details: Reads on the controller what the run found out.
  check_mode:
    support: full
  diff_mode:
    support: none
    details: Files with secrets are among what is kept.
"""

EXAMPLES = r"""
- name: Keep what this run left
  yitiji.deepseek.appliance_generation:
    plan: "{{ appliance_plan }}"
"""

RETURN = r"""
lines:
  description: One for each generation, the newest last; then which one can be gone back to, and the disk for it.
  returned: state is told
  type: list
  elements: str
  sample: ["7  2026-11-29 16:40:00Z  root@control  converged; engine: vllm 0.31.0 -> vllm 0.32.0"]
removed:
  description: Ids of the images that were removed.
  returned: state is present
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations, history, images
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run


def ask(words):
    try:
        done = run(words, 300 if "rm" in words else 30)
    except FileNotFoundError:
        return ""
    return "" if done.returncode else done.stdout


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "told"], "default": "present"},
            "plan": {"type": "dict", "default": {}},
            "content": {"type": "dict", "default": {}},
            "by": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    params, kept = module.params, generations.rows()
    if params["state"] == "told":
        module.exit_json(changed=False, lines=[*history.lines(kept), history.way_back(kept, ask)])
    content = params["content"]
    found = generations.ids((image["ref"] for image in content["images"].values()), ask)
    told = {"plan": params["plan"], "by": params["by"], "verdict": "converged"}
    row = history.made(content, found, generations.look(), **told)
    changed = not kept or kept[-1]["digest"] != row["digest"]
    removed = []
    if not module.check_mode:
        if changed:
            history.keep(row)
        history.finish()
        if changed:
            removed = images.drop(generations.rows(), ask)
    module.exit_json(changed=changed, removed=removed)


if __name__ == "__main__":
    main()
