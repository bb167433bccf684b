#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bundle_target
short_description: Facts of a node that does not exist yet
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Sets distribution, release and architecture as a node of the target would report them, so that roles can be asked
    what they would install on it. No node is contacted.
options:
  target:
    description: A target, C(release) and C(architecture); releases of the catalogue are completed.
    type: dict
    required: true
  hardware:
    description: What the inventory declares about the node (C(appliance_hardware)).
    type: dict
    default: {}
  like:
    description: The entry of the catalogue (distributions) to use for it; empty takes the one that fits.
    type: str
    default: ""
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.controller
  - yitiji.deepseek.catalog
"""

EXAMPLES = r"""
- name: Ask as on Debian 13
  yitiji.deepseek.bundle_target:
    target: {release: trixie, architecture: amd64}
"""

RETURN = r"""
ansible_facts:
  description: The facts.
  returned: always
  type: dict
  sample: {distribution: Debian, distribution_major_version: "13", architecture: x86_64}
name:
  description: The target's name, as M(yitiji.deepseek.bundle_make) expects it with packages.
  returned: on success
  type: str
  sample: trixie-amd64
node:
  description: What M(yitiji.deepseek.nvidia_driver_plan) needs to know of the node.
  returned: always
  type: dict
  sample: {os: {id: debian, version: "13"}, gpus: []}
kernel:
  description: In the names of packages, the newest kernel of the release; empty where it has no such name.
  returned: on success
  type: str
  sample: amd64
distribution:
  description: What M(yitiji.deepseek.distribution) would return for the node.
  returned: on success
  type: dict
  sample: {key: debian-13, name: Debian 13, packages: {nginx: [nginx]}}
"""
