#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_calibrate
short_description: Compare what engines said at their start with the plan
version_added: 1.0.0
description:
  - Reads from each engine's start-up log how large its KV cache became, compares it with the plan and keeps a row.
  - The next plan for the same engine version and card takes the lowest factor among the rows, if that is below 1; so
    rows only make a plan more careful. Runs on the controller.
author: The yitiji.deepseek engineers (@yitiji)
options:
  plan:
    description: The plan by which the engines were started.
    type: dict
    required: true
  engine_logs:
    description:
      - Start-up logs of the head's engines by the name of their unit. A log without figures is passed over; without any
        figure in all of them the task fails (LLM536), unless there are O(rows).
      - A warning is given where an engine's figures are over 15 % apart from its plan (LLM535).
    type: dict
    default: {}
  rows:
    description: Further rows to keep, those that M(yitiji.deepseek.serving_plan) returned as C(learned).
    type: list
    elements: dict
    default: []
  calibration_file:
    description: JSON file on the controller that keeps the rows; empty keeps none.
    type: path
    default: ""
seealso:
  - module: yitiji.deepseek.serving_plan
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.controller
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
"""

EXAMPLES = r"""
- name: Learn from the start of the engine
  yitiji.deepseek.plan_calibrate:
    plan: "{{ appliance_plan }}"
    engine_logs: {yitiji-vllm: "{{ log.stdout }}"}
    calibration_file: plans/calibration.json
"""

RETURN = r"""
measured:
  description: The figures that each engine's log holds, by the name of its unit. GiB are per card.
  returned: success
  type: dict
  sample: {yitiji-vllm: {kv_tokens: 1173000, kv_gib: 61.2}}
calibration:
  description: The engines' own figures beside the planned ones, a row for each version, card, layout and model.
  returned: success
  type: list
  elements: dict
  sample: [{schema: 2, version: 0.32.0, gpu: h20-96g, measured: {kv_tokens: 1173000}, kv_factor: 0.98}]
mismatches:
  description: Where plan and start differ by more than 15 %.
  returned: success
  type: list
  elements: dict
  sample: []
"""
