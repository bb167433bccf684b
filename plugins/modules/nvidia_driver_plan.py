#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nvidia_driver_plan
short_description: Plan the NVIDIA driver of a node
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Works out branch, kind of kernel module, packages, services and holds from the node's cards, system and kernels and
    from the driver catalogue, or refuses with the reason and the remedy.
  - Runs on the controller and changes nothing.
options:
  node:
    description: What M(yitiji.deepseek.node_info) returned.
    type: dict
    required: true
  facts:
    description: Facts that stand in for what the node does not have, merged over O(node). Meant for tests.
    type: dict
    default: {}
  branch:
    description: A branch by its number; empty takes the best one for the cards.
    type: str
    default: ""
  flavour:
    description: Kind of kernel module.
    type: str
    choices: [auto, open, proprietary]
    default: auto
  repository:
    description: Whether the packages come from a repository in NVIDIA's layout instead of the distribution.
    type: bool
    default: false
  kernels:
    description: Kernels to build for; empty takes all that are installed.
    type: list
    elements: str
    default: []
  persistence:
    description: Whether the persistence daemon is part of it.
    type: bool
    default: true
  installs:
    description: V(false) plans only what is needed around a driver that comes from elsewhere.
    type: bool
    default: true
  managed:
    description:
      - Whether the role's own driver is on the node. A driver of somebody else that works is left as it is, unless
        O(branch), O(flavour) or O(repository) ask for another.
    type: bool
    default: false
  min_driver:
    description: The oldest driver that the engine's image can use.
    type: str
    default: ""
  like:
    description: The entry of the catalogue (distributions) to use for the node; empty takes the one that fits.
    type: str
    default: ""
  ignore:
    description: Silenced rules, C({id, reason}).
    type: list
    elements: dict
    default: []
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.controller
  - yitiji.deepseek.catalog
"""

EXAMPLES = r"""
- name: Read the node
  yitiji.deepseek.node_info:
  register: found

- name: Plan its driver
  yitiji.deepseek.nvidia_driver_plan:
    node: "{{ found.node }}"
  register: planned
"""

RETURN = r"""
plan:
  description:
    - The driver plan. C(verdict) is V(install), V(present) (the driver comes from elsewhere) or V(none) (no card).
    - C(reboot) lists why the node must be rebooted before the driver can work.
  type: dict
  returned: on success
  sample:
    verdict: install
    cards: 8
    families: [Hopper]
    branch: "580"
    flavour: open
    source: vendor
    dkms: true
    kernels: [6.1.0-40-amd64]
    headers: [linux-headers-6.1.0-40-amd64]
    packages: [linux-headers-6.1.0-40-amd64, dkms, nvidia-driver-cuda, nvidia-kernel-open-dkms, nvidia-fabricmanager]
    same_version: [nvidia-driver-cuda, nvidia-kernel-open-dkms, nvidia-fabricmanager]
    fabric_manager: true
    nvlsm: false
    persistence: true
    units: [nvidia-persistenced, nvidia-fabricmanager]
    modules: [nvidia, nvidia-uvm]
    nouveau: {loaded: false, blacklisted: true}
    secure_boot: {"on": false, verdict: "off"}
    reboot: []
    reasons: [{zh: 有 NVSwitch：安装 Fabric Manager, en: "NVSwitch is there: fabric manager"}]
    warnings: []
rule:
  description: The rule that refused.
  type: str
  returned: on refusal
  sample: LLM205
"""
