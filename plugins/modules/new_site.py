#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: new_site
short_description: Write the inventory of a new site from a few answers
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Asks for what is not given, if it runs at a terminal, checks every answer and writes a commented inventory.
  - Without a terminal, all that is missing or wrong is refused at once (LLM177 to LLM183, LLM521, LLM525).
  - Nothing is overwritten (LLM182). Runs on the controller and connects to nothing.
options:
  name:
    description: Name of the site; the inventory's group and the deployment are called so.
    type: str
  profile:
    description: The tier, a name in the catalogue's profiles.
    type: str
  gpus:
    description: Cards of each node as C(model*number), by names of the catalogue. Empty takes the profile's.
    type: str
  memory_gib:
    description: Main memory of each node in GiB, for profiles without cards (24).
    type: str
  nodes:
    description:
      - The nodes, the head first. A line such as C(gpu01=10.0.0.11 gpu02=10.0.0.12:2222), or a list of those, or of
        dictionaries with C(name), C(address) and C(data_address). C(gpu01=local) is the machine that Ansible runs on.
      - An address without a name gets the site's name and a number.
    type: raw
  user:
    description: User for SSH (root). For any other one, sudo is used.
    type: str
  admin_networks:
    description: Networks from which SSH stays open. Empty leaves it open to all.
    type: raw
  data_addresses:
    description: IP addresses in the network between the nodes, in the nodes' order.
    type: raw
  source:
    description: Where packages, images and weights come from, V(internet), V(mirror) or V(bundle) (V(internet)).
    type: str
  proxy:
    description: With source V(internet), the site's proxy.
    type: str
  mirror_hub:
    description: With source V(mirror), the address of a mirror of ModelScope.
    type: str
  mirror_registry:
    description: With source V(mirror), the address of a mirror of container registries.
    type: str
  mirror_packages:
    description: With source V(mirror), the address of a mirror of Docker's packages.
    type: str
  bundle:
    description: With source V(bundle), the bundle's folder on the controller.
    type: str
  bundle_signer:
    description: With source V(bundle), the public ssh key of its maker.
    type: str
  path:
    description: Folder to write C(hosts.yml) to (C(inventories/NAME)). It must be new or empty.
    type: str
  preflight:
    description: Whether the playbook then checks the nodes, yes or no (no).
    type: str
  language:
    description: Language of questions and comments, V(both), V(zh) or V(en).
    type: str
    default: both
seealso:
  - module: yitiji.deepseek.serving_plan
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.controller
  - yitiji.deepseek.catalog
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
"""

EXAMPLES = r"""
- name: Write an inventory
  yitiji.deepseek.new_site:
    name: campus
    profile: standard
    nodes: gpu01=10.0.0.11
    source: bundle
    bundle: /media/usb/bundle
"""

RETURN = r"""
path:
  description: Folder of the inventory.
  returned: success
  type: str
  sample: inventories/campus
preflight:
  description: Whether the nodes shall be checked now.
  returned: success
  type: bool
  sample: false
refusals:
  description: All that is wrong with the answers.
  returned: failure
  type: list
  elements: dict
  sample: [{rule: LLM182, host: localhost, reason: {en: ..., zh: ...}, remedy: {en: ..., zh: ...}}]
"""
