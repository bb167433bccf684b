#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_resolve
short_description: Look up what a plan will be made of, by name alone
version_added: 1.0.0
description:
  - Finds the profile, the model and the engine in the catalogue, and refuses what isn't there before any node is asked.
  - Runs on the controller; no node is connected to.
author: The yitiji.deepseek engineers (@yitiji)
options:
  save_to:
    description:
      - Folder on the controller that will get the plan. Nothing is written now; a folder that can't be written is
        refused (LLM541).
    type: path
    default: ""
seealso:
  - module: yitiji.deepseek.serving_plan
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.controller
  - yitiji.deepseek.catalog
  - yitiji.deepseek.wish
"""

EXAMPLES = r"""
- name: Find out which model the flagship profile serves
  yitiji.deepseek.plan_resolve:
    deployment: campus
    profile: flagship
  register: resolved
"""

RETURN = r"""
wanted:
  description:
    - The names that the profile resolves to. C(gguf) lists patterns of the GGUF files to choose from; C(beside) has the
      C(model) and C(revision) of each further model.
  returned: success
  type: dict
  sample: {model: deepseek-ai/DeepSeek-R1, revision: master, engine: vllm, gguf: [], beside: []}
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
