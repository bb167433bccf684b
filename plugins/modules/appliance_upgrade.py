#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: appliance_upgrade
short_description: The steps of an upgrade that only a node can do, and the way back
version_added: 1.0.0
description:
  - V(judged) compares a plan with the generation that serves, and refuses known breaking changes that were not accepted
    (LLM586). V(begun) notes which generation serves before anything is changed.
  - V(back) restores units, settings, images and, where another image went on with them, the chat page's data of a
    generation, and starts it. What lacks something is refused with nothing changed (LLM583).
  - V(target) tells where a node would go back to, so that those of a deployment arrive at the same. V(done) removes
    the note of V(begun), when all of them were asked from outside.
author: The yitiji.deepseek engineers (@yitiji)
options:
  state:
    description: The step.
    type: str
    choices: [judged, begun, target, back, done]
    required: true
  plan:
    description: The plan that is to be served, for O(state=judged).
    type: dict
    default: {}
  accept:
    description: Ids of breaking changes that are accepted.
    type: list
    elements: str
    default: []
  driver:
    description: What M(yitiji.deepseek.driver_packages) said in check mode, for O(state=judged); empty for nothing.
    type: dict
    default: {}
  loaded:
    description: The driver's version that is loaded, for O(state=judged); empty for none.
    type: str
    default: ""
  reboot:
    description:
      - C(nvidia_driver_reboot), for O(state=judged). Another driver than the loaded one works after a reboot alone, so
        it is refused (LLM557) unless this is V(allowed).
    type: str
    default: never
  failed:
    description: The result of the task that failed, where one did. The history keeps what it said.
    type: dict
    default: {}
  page:
    description: >-
      Of the chat page, C(data_dir), and for O(state=back) also C(secrets_dir), C(owner), C(unit), C(admin) and
      C(backups).
    type: dict
    default: {}
  lock:
    description: The lock on the controller that gets what was locked then. Empty leaves it alone.
    type: path
    default: ""
  wanted:
    description: The plan at which this node must arrive with O(state=back). The action plugin sets it from V(target).
    type: dict
    default: {}
  node:
    description: The node's name in the inventory. The action plugin sets it.
    type: str
    default: ""
  by:
    description: Who runs it. The action plugin sets it.
    type: str
    default: ""
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.action
attributes:
  action:
    details: Compares and keeps the lock on the controller.
  check_mode:
    support: full
  diff_mode:
    support: none
    details: Files with secrets are among what is restored.
"""

EXAMPLES = r"""
- name: Refuse what breaks and was not accepted
  yitiji.deepseek.appliance_upgrade:
    state: judged
    plan: "{{ appliance_plan }}"
    accept: [docker-29]
"""

RETURN = r"""
differences:
  description: What is other than in the generation that serves; empty where nothing is.
  returned: state is judged
  type: list
  elements: str
  sample: ["engine: vllm 0.31.0 -> vllm 0.32.0"]
breaking:
  description: Ids of the breaking changes that it crosses.
  returned: state is judged
  type: list
  elements: str
  sample: [docker-29]
number:
  description: The generation that serves, or that is back.
  returned: state is judged, begun or back
  type: int
  sample: 3
seconds:
  description: How long the slowest engine took to its first answer, as it logged it; 0 where it did not.
  returned: state is judged
  type: int
  sample: 96
plan:
  description: The plan of the generation that is back.
  returned: state is back
  type: dict
  sample: {}
why:
  description: What the task that failed had said.
  returned: state is back
  type: str
  sample: ""
target:
  description: Whether a run is unfinished here, the plan of before, and that of now.
  returned: state is target
  type: dict
  sample: {unfinished: false, plan: {}, now: {}}
database:
  description: V(postgresql) where another image served its data since, which are the site's to bring back.
  returned: state is back
  type: str
  sample: ""
before:
  description: Folder with the page's data of before the restore; empty where they were left alone.
  returned: state is back
  type: str
  sample: /var/lib/yitiji/open-webui.before-20261129T220000Z
"""

import os
import sqlite3

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations, history
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._upgrade import back, target


def ask(words, seconds=30.0):
    try:
        done = run(words, seconds)
    except FileNotFoundError:
        return ""
    return "" if done.returncode else done.stdout


def do(words, seconds):
    done = run(words, seconds)
    if done.returncode:
        raise Refusal("LLM142", unit=words[-1], verb=words[1], said=done.stderr.strip() or done.returncode)
    return done.stdout


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["judged", "begun", "target", "back", "done"], "required": True},
            "plan": {"type": "dict", "default": {}},
            "accept": {"type": "list", "elements": "str", "default": []},
            "driver": {"type": "dict", "default": {}},
            "loaded": {"type": "str", "default": ""},
            "reboot": {"type": "str", "default": "never"},
            "failed": {"type": "dict", "default": {}},
            "page": {"type": "dict", "default": {}},
            "lock": {"type": "path", "default": ""},
            "wanted": {"type": "dict", "default": {}},
            "node": {"type": "str", "default": ""},
            "by": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    os.umask(0o077)
    state = module.params["state"]
    if state == "back":
        try:
            module.exit_json(**back.go(module.params, ask, do, module.check_mode))
        except (ValueError, sqlite3.Error) as error:
            raise Refusal("LLM583", why=Text(str(error), str(error))) from error
    if state == "target":
        module.exit_json(changed=False, target=target.told())
    if state == "done":
        if not module.check_mode:
            history.finish()
        module.exit_json(changed=False)
    row = generations.behind()
    if not row:
        raise Refusal("LLM585")
    if state == "judged":
        told = {"number": row["number"], "state": row["state"], "nodes": row["plan"]["nodes"]}
        module.exit_json(changed=False, seconds=back.start_seconds(row, ask), **told)
    if not module.check_mode:
        back.begin(row["number"], module.params["page"]["data_dir"])  # gone again when the run is over
    module.exit_json(changed=False, number=row["number"])


if __name__ == "__main__":
    main()
