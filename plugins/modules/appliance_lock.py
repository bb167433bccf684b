#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: appliance_lock
short_description: Keep what a deployment consists of, to the digest, beside the inventory
version_added: 1.0.0
description:
  - Writes images, models, packages, the collection and the controller's Python packages of a deployment into one YAML
    file that a person can read and a version control system can compare. Other deployments in it stay as they are.
  - Runs on the controller. In check mode it only says what differs from the file. A file that can't be followed is
    refused (LLM593).
author: The yitiji.deepseek engineers (@yitiji)
options:
  state:
    description:
      - V(present) writes the file.
      - V(pinned) writes nothing and returns the plan, its images pinned by what the checks of this run found. An image
        that the file names and nothing pins is refused (LLM589).
    type: str
    choices: [present, pinned]
    default: present
  path:
    description: The file.
    type: path
    default: ""
  plan:
    description: The deployment's plan.
    type: dict
    required: true
  hosts:
    description: The deployment's hosts, the head first. Of one that the run left out, what is locked stays.
    type: list
    elements: str
    required: true
  renew:
    description: Whether the controller's own packages are taken anew; otherwise those that are locked stay.
    type: bool
    default: false
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
- name: Lock what was resolved
  yitiji.deepseek.appliance_lock:
    path: appliance.lock.yml
    plan: "{{ appliance_plan }}"
    hosts: "{{ groups['campus'] }}"
"""

RETURN = r"""
plan:
  description: The plan with its images pinned.
  returned: state is pinned
  type: dict
  sample: {}
differences:
  description: What differs from what was locked before, a line for each thing.
  returned: state is present
  type: list
  elements: str
  sample: ["images.open-webui.digest: sha256:1f0b… -> sha256:77ac…"]
"""
