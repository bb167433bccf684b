#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: serving_plan
short_description: Plan how a model is served on given hardware
version_added: 0.1.0
description:
  - Turns a profile, a model and the nodes' hardware into one plan with every engine flag, or refuses with the numbers.
  - Runs on the controller; no node is connected to, so planning works before the machines exist.
author: The yitiji.deepseek engineers (@yitiji)
options:
  deployment:
    description: Name of the deployment, its inventory group.
    type: str
    required: true
  profile:
    description: Name of a profile of the catalogue.
    type: str
    required: true
  resolve_only:
    description: Only look the profile, the model and the engine up, and return C(wanted).
    type: bool
    default: false
  nodes:
    description:
      - Node names to C({address, facts, hardware}), the head first.
      - C(facts) is what M(yitiji.deepseek.node_info) returned; C(hardware) is used where there are none.
    type: dict
    default: {}
  model:
    description: Catalogue name or hub id of another model than the profile's.
    type: str
    default: ""
  model_info:
    description: What M(yitiji.deepseek.modelscope_model_info) returned; without it the catalogue's entry is used.
    type: dict
    default: {}
  engine:
    description: Another engine than the profile's.
    type: str
    default: ""
  precision:
    description: Another precision than the profile's (native, bf16, fp16, fp8, int8, awq, gptq).
    type: str
    default: ""
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
    description: Port of the engine.
    type: int
    default: 8000
  images:
    description: Changes to catalogue images by name.
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
  replicas:
    description: Copies of the model on the head, each with its own cards, unit and port; 0 takes the profile's.
    type: int
    default: 0
  beside:
    description:
      - Further models on the same node, each with cards, a unit and a port of its own (LLM539).
      - 'Each entry: C(model) and C(cards) (1), and, where it differs from the profile, C(context_length),
        C(concurrency), C(precision) (native) and C(kv_cache_dtype) (auto).'
    type: list
    elements: dict
    default: []
  beside_info:
    description: What M(yitiji.deepseek.modelscope_model_info) returned for each entry of O(beside), in the same order.
    type: list
    elements: dict
    default: []
  gguf:
    description: Which GGUF file a GGUF engine takes; empty takes the most precise that fits.
    type: str
    default: ""
  calibration_file:
    description: JSON file on the controller with what earlier starts measured; it only makes a plan more careful.
    type: path
    default: ""
  engine_logs:
    description:
      - Start-up logs of the head's engines by the name of their unit. With them nothing is planned; each engine's
        figures are compared with its own in O(planned), a warning is given where they are over 15 % apart, and a row
        is kept in O(calibration_file).
    type: dict
    default: {}
  planned:
    description:
      - A plan that was made before. With O(engine_logs), the one by which the engines were started; with O(save_to)
        alone, the one to keep. Nothing is planned anew.
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
  save_to:
    description:
      - Folder on the controller that gets C(plan.json), C(plan.html) and the explanations.
      - With O(resolve_only) nothing is written, and a folder that can't be written is refused (LLM541).
    type: path
    default: ""
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.controller
  - yitiji.deepseek.catalog
attributes:
  check_mode:
    support: full
    details: The plan is made and returned; its files are not written.
  diff_mode:
    support: full
    details: Shows how the saved files change.
"""

EXAMPLES = r"""
- name: Plan before the machines exist
  yitiji.deepseek.serving_plan:
    deployment: campus
    profile: flagship
    nodes: "{{ groups['campus'] | yitiji.deepseek.plan_nodes(hostvars) }}"
    save_to: plans/campus
  register: planned
"""

RETURN = r"""
plan:
  description: The plan (docs/architecture.md).
  returned: success, without resolve_only
  type: dict
  sample: {schema: 2, verdict: fits, nodes: {gpu01: {units: [{name: yitiji-vllm, port: 8000, args: []}]}}}
explanation:
  description: The plan as text, line by line.
  returned: success, without resolve_only
  type: list
  elements: str
  sample: ["Deployment campus (profile flagship)"]
wanted:
  description: The names that the profile resolves to.
  returned: with resolve_only
  type: dict
  sample: {model: deepseek-ai/DeepSeek-R1, revision: master, engine: vllm, gguf: [], beside: []}
calibration:
  description: The engines' own figures beside the planned ones, a row for each version, card, layout and model.
  returned: with engine_logs
  type: list
  elements: dict
  sample: [{schema: 2, version: 0.32.0, gpu: h20-96g, measured: {kv_tokens: 1173000}, kv_factor: 0.98}]
mismatches:
  description: Where plan and start differ by more than 15 %.
  returned: with engine_logs
  type: list
  elements: dict
  sample: []
refusal:
  description: Why there is no plan (rule id, hosts, need, have, reason and remedy in two languages).
  returned: failure
  type: dict
  contains:
    rule:
      description: The id of the rule.
      type: str
      sample: LLM504
    host:
      description: The hosts of the deployment.
      type: str
      sample: gpu01, gpu02
    reason:
      description: What is wrong, in both languages.
      type: dict
      sample: {zh: 显存不足, en: not enough memory}
    remedy:
      description: What to do, in both languages.
      type: dict
      sample: {zh: 请换用更小的模型, en: take a smaller model}
    need:
      description: What would be needed.
      type: dict
      sample: {gib: 84.1}
    have:
      description: What is there.
      type: dict
      sample: {gib: 71.3}
"""
