#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: acceptance_node
short_description: Look at a node while it is asked, or restart its engines under load
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Reads for O(seconds) how many requests run, what memory is used and how the cards are, with counters before and
    after. Nothing is changed.
  - With O(machine) it measures disk, memory, cards, and what nodes and ranks carry between them (docs/acceptance.md).
    All nodes have to do so at the same time.
  - With O(tokenizer) it only reads the tokenizer of a model that came as GGUF.
  - With O(restart) it asks through the node's gateway while it restarts the engines, until they answer again.
options:
  plan:
    description: The plan.
    type: dict
    required: true
  host:
    description: Name of the node in the plan.
    type: str
    required: true
  seconds:
    description: How long to look.
    type: int
    default: 6
  loaded:
    description: Begin when requests run, where the engines tell.
    type: bool
    default: false
  idle:
    description: Refuse (LLM857) where requests run already.
    type: bool
    default: false
  machine:
    description: Measure how fast the node is.
    type: bool
    default: false
  tokenizer:
    description: Read the tokenizer of a GGUF file of the model.
    type: bool
    default: false
  restart:
    description: Restart the engines that answer.
    type: bool
    default: false
  secrets_dir:
    description: Folder of the secrets on the node.
    type: path
    default: /etc/yitiji/secrets
  team:
    description: Team whose key is used to ask. Needed by O(restart).
    type: str
  port:
    description: Port of the gateway.
    type: int
    default: 443
  at_once:
    description: Requests at once while the engines are restarted.
    type: int
    default: 1
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
  - yitiji.deepseek.attributes.watched
attributes:
  check_mode:
    support: full
    details: Looks once, and restarts nothing.
"""

EXAMPLES = r"""
- name: Refuse to measure beside other users
  yitiji.deepseek.acceptance_node:
    plan: "{{ appliance_plan }}"
    host: "{{ inventory_hostname }}"
    idle: true
"""

RETURN = r"""
seen:
  description: What the node showed. What it does not tell is null.
  returned: when looked
  type: dict
  sample: {looks: 6, requests: 0, engine_bytes: 2400000000, node_bytes: 5100000000, gpus: []}
others:
  description: Requests that ran or were written for meanwhile; null where no engine counts.
  returned: when looked
  type: int
  sample: 0
machine:
  description: How fast it is, its weights, the firmware of its interfaces, and what the doctor says. What can't be
    measured is null.
  returned: when measured
  type: dict
  sample: {disk_mbs: 3100.5, memory_gbs: 61.2, gpus: [{gbs: 4310.2, tflops: 690.1}]}
tokenizer:
  description: Files of the tokenizer by their names, packed. Empty where no GGUF file has one that is known.
  returned: when read
  type: dict
  sample: {tokenizer.json: eJw…}
restart:
  description: Seconds until the engines answered again, null where they did not, and requests that failed.
  returned: when restarted
  type: dict
  sample: {seconds: 41.5, lost: 7, at_once: 4}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import around, link, tokenizer
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.machine import measure, told
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.restart import asker, restart
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.sample import busy, others, watch
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import models_of, units_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import answer
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.look import read_file


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "plan": {"type": "dict", "required": True},
            "host": {"type": "str", "required": True},
            "seconds": {"type": "int", "default": 6},
            "loaded": {"type": "bool", "default": False},
            "idle": {"type": "bool", "default": False},
            "machine": {"type": "bool", "default": False},
            "tokenizer": {"type": "bool", "default": False},
            "restart": {"type": "bool", "default": False},
            "secrets_dir": {"type": "path", "default": answer.KEYS},
            "team": {"type": "str"},
            "port": {"type": "int", "default": 443},
            "at_once": {"type": "int", "default": 1},
            "progress": {"type": "path"},
        },
        supports_check_mode=True,
        required_if=[("restart", True, ["team"])],
    )
    given = module.params
    plan, secrets = given["plan"], given["secrets_dir"]
    units, model = units_of(plan, given["host"]), plan["model"]["served_name"]
    if given["tokenizer"]:
        module.exit_json(changed=False, tokenizer=tokenizer.read(plan["model"]["path"]))
    if given["machine"] and not module.check_mode:
        doctor = around.examined(Host())
        engines = [str(unit["name"]) for unit in units] if plan["container"] else []
        found = {**measure(Host(), plan["model"]["path"], engines), **told(Host(), models_of(plan))}
        found["doctor"] = doctor
        found["link"] = link.measure(Host(), plan, given["host"])
        module.exit_json(changed=False, machine=found)
    if not given["restart"] or module.check_mode:
        own = (read_file(f"{secrets}/engine-key") or "").strip()
        seen = watch(
            Host(), units, 0 if module.check_mode else given["seconds"], own, given["loaded"] and not module.check_mode
        )
        if given["idle"] and busy(seen):
            fail(module, Refusal("LLM857", requests=busy(seen), node=given["host"]))
        module.exit_json(changed=False, seen=seen, others=others(seen))
    door = answer.door_of(read_file, given["port"])
    key = (read_file(f"{secrets}/{answer.PREFIX}{given['team']}") or "").strip()
    found = restart(
        Host(),
        [unit for unit in units if unit["serves"]],
        plan["run"]["health"],
        asker(door, key, model, 120),
        lambda: bool(answer.ask(door, [key], model)["ok"]),
        given["at_once"],
        plan["start"]["timeout_seconds"],
        Reporter(given["progress"], "acceptance").text,
    )
    module.exit_json(changed=False, restart=found)


if __name__ == "__main__":
    main()
