#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: serving_plan
short_description: Plan how a model is served on given hardware
version_added: 1.0.0
description:
  - Turns a profile, a model and the nodes' hardware into one plan with every engine flag, or refuses with the numbers.
  - Runs on the controller; no node is connected to, so planning works before the machines exist.
author: The yitiji.deepseek engineers (@yitiji)
seealso:
  - module: yitiji.deepseek.plan_resolve
  - module: yitiji.deepseek.plan_save
  - module: yitiji.deepseek.plan_calibrate
options:
  nodes:
    description:
      - Node names to C({address, facts, hardware}), the head first.
      - C(facts) is what M(yitiji.deepseek.node_info) returned; C(hardware) is used where there are none.
    type: dict
    default: {}
  model_info:
    description: What M(yitiji.deepseek.modelscope_model_info) returned; without it the catalogue's entry is used.
    type: dict
    default: {}
  context_length:
    description: Longest request in tokens; 0 takes the profile's.
    type: int
    default: 0
  concurrency:
    description: Requests that run at once; 0 takes the profile's.
    type: int
    default: 0
  weights_dir:
    description: Folder on the nodes that holds the models.
    type: path
    default: /srv/models
  port:
    description: TCP port of the engine; further engines take the next ones.
    type: int
    default: 8000
  images:
    description: Changes to images of the catalogue, by their name.
    type: dict
    default: {}
  image_archives:
    description: Archives for C(docker load), each as C({url}) or C({path}).
    type: list
    elements: dict
    default: []
  kv_cache_dtype:
    description: How the KV cache is stored (V(auto), V(fp8)); empty takes the profile's.
    type: str
    default: ""
  executor:
    description: How ranks on several nodes are run (V(mp), V(ray)); empty takes the profile's.
    type: str
    default: ""
  without:
    description: Ways that the plan does not take, whatever is predicted of them (docs/planner.md).
    type: list
    elements: str
    choices: [data_attention, shared_cache, speculation]
    default: []
  replicas:
    description: Copies of the model on a node, each with its own cards, unit and port; 0 takes the profile's.
    type: int
    default: 0
  independent_nodes:
    description: Whether every node serves the model by itself, with O(replicas) copies on each (LLM558).
    type: bool
    default: false
  second_gateway:
    description: A further one of O(nodes) with a gateway (LLM559); empty for the head's alone.
    type: str
    default: ""
  virtual_address:
    description: The address that one of the two gateways holds.
    type: str
    default: ""
  virtual_router:
    description: Number of the virtual router, 1 to 255.
    type: int
    default: 77
  beside_info:
    description: What M(yitiji.deepseek.modelscope_model_info) returned for each entry of O(beside), in the same order.
    type: list
    elements: dict
    default: []
  allow_pickle:
    description: The site's reason for weights that are Python pickles; without one, LLM650 or left out.
    type: str
    default: ""
  allow_remote_code:
    description: The site's reason for an engine that runs Python of the repository; without one, LLM651 or left out.
    type: str
    default: ""
  calibration_file:
    description: JSON file on the controller with what earlier starts measured; it only makes a plan more careful.
    type: path
    default: ""
  kept_plan:
    description:
      - The plan of the last run, as M(yitiji.deepseek.plan_save) kept it on the controller. With O(show), nodes that
        are no longer listed and another head are told (LLM189, LLM194).
    type: path
    default: ""
  lock:
    description:
      - The inventory's lock (docs/lock.md). Where it knows the deployment, its digests are pinned in the plan, and
        what is not as it says is refused (LLM592). Empty follows none.
    type: path
    default: ""
  ended:
    description:
      - What engines said of memory before they ended, by host and unit (M(yitiji.deepseek.engine_end_info)).
      - The plan is then made smaller by these numbers (LLM580), or refused below the profile's C(floor) (LLM581).
    type: dict
    default: {}
  ended_plan:
    description: The plan by which they were started.
    type: dict
    default: {}
  language:
    description: Language of C(explanation).
    type: str
    choices: [both, zh, en]
    default: both
  show:
    description: Whether to print the plan as a table on the operator's terminal.
    type: bool
    default: false
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.controller
  - yitiji.deepseek.catalog
  - yitiji.deepseek.wish
"""

EXAMPLES = r"""
- name: Plan before the machines exist
  yitiji.deepseek.serving_plan:
    deployment: campus
    profile: flagship
    nodes: "{{ groups['campus'] | yitiji.deepseek.plan_nodes(hostvars) }}"
  register: planned
"""

RETURN = r"""
plan:
  description: The plan (docs/architecture.md).
  returned: success
  type: dict
  sample: {schema: 2, verdict: fits, nodes: {gpu01: {units: [{name: yitiji-vllm, port: 8000, args: []}]}}}
locked:
  description: What the lock says of the deployment; empty where there is none.
  returned: success
  type: dict
  sample: {}
learned:
  description: Rows for M(yitiji.deepseek.plan_calibrate) to keep, one for each engine of O(ended) that lacked memory.
  returned: success
  type: list
  elements: dict
  sample: []
explanation:
  description: The plan as text, line by line.
  returned: success
  type: list
  elements: str
  sample: ["Deployment campus (profile flagship)"]
rule:
  description: The id of the rule for which there is no plan; C(msg) says why, and what to do.
  returned: failure
  type: str
  sample: LLM504
host:
  description: The hosts of the deployment.
  returned: failure
  type: str
  sample: gpu01, gpu02
need:
  description: What would be needed.
  returned: failure, if it is a number
  type: dict
  sample: {gib: 84.1}
have:
  description: What is there.
  returned: failure, if it is a number
  type: dict
  sample: {gib: 71.3}
"""
