#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_save
short_description: Keep a plan and its explanation on the controller
version_added: 1.0.0
description:
  - Writes C(plan.json), C(plan.html), C(plan.zh.txt) and C(plan.en.txt), each only where it differs from what is there.
  - Apart from the planning, so that nothing is written before every check has passed. Runs on the controller.
author: The yitiji.deepseek engineers (@yitiji)
options:
  plan:
    description: What M(yitiji.deepseek.serving_plan) returned as C(plan).
    type: dict
    required: true
  save_to:
    description: Folder that gets the files. One that can't be written is refused (LLM541).
    type: path
    required: true
  vendor:
    description: Whose product it is, as P(yitiji.deepseek.appliance_vendor#filter) gives it.
    type: dict
    default: {}
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
- name: Keep the plan
  yitiji.deepseek.plan_save:
    plan: "{{ planned.plan }}"
    save_to: plans/campus
"""

RETURN = r"""
files:
  description: The files that differed, by name.
  returned: success
  type: list
  elements: str
  sample: [plan.en.txt, plan.html, plan.json, plan.zh.txt]
"""
