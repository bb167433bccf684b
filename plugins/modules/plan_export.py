#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_export
short_description: Write a plan as Kubernetes manifests
version_added: 1.0.0
description:
  - Writes C(kserve.yaml), what C(kubectl apply) takes on a cluster with KServe 0.20. It holds an C(LLMInferenceService)
    for each model, with image, arguments, cards, memory, probes and volumes of the plan, and the claim for weights.
  - Runs on the controller and asks no cluster. A plan that KServe's presets do not run is refused (LLM591).
author: The yitiji.deepseek engineers (@yitiji)
options:
  plan:
    description: What M(yitiji.deepseek.serving_plan) returned as C(plan).
    type: dict
    required: true
  save_to:
    description: Folder that gets the file. One that can't be written is refused (LLM541).
    type: path
    required: true
  namespace:
    description: Namespace of the manifests. Empty, that of C(kubectl).
    type: str
    default: ""
  claim:
    description: A claim that holds the weights already, as C(OWNER/NAME) of the hub. Empty, one is written.
    type: str
    default: ""
  storage_class:
    description: Storage class of the claim that is written. Empty, the cluster's default.
    type: str
    default: ""
  key_secret:
    description: Secret whose entry C(key) is the engines' API key. Empty, the deployment's name and C(-engine-key).
    type: str
    default: ""
  node_selector:
    description: Labels of the nodes that have the planned cards.
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
- name: Write the manifests
  yitiji.deepseek.plan_export:
    plan: "{{ appliance_plan }}"
    save_to: .plans/campus
    namespace: deepseek
    node_selector: {nvidia.com/gpu.product: NVIDIA-H20}
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
  sample: .plans/campus/kserve.yaml
manifests:
  description: What it holds.
  returned: success
  type: list
  elements: dict
  sample: [{apiVersion: v1, kind: PersistentVolumeClaim}]
"""
