#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: check_variables
short_description: Check the variables of every role before the first one runs
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Ansible checks a role's variables when that role starts, so a wrong one of a late role would be found after
    early roles have changed the node. This checks those of all roles of the collection at once.
  - Names host, variable, value, what it must be and where to correct it (LLM120), required ones that are missing
    (LLM121), those that are no longer read, with what takes their place (LLM123), and names that nothing reads, with
    what was probably meant (LLM122, LLM186).
  - Refused are names that begin with C(appliance_) or another prefix that is this collection's alone, and others that
    are close to one of its variables. Of the rest a warning tells. C(appliance_other_variables) lists names or patterns
    (C(docker_*)) that belong to somebody else; those of some well-known roles are never complained of.
  - Runs on the controller and connects to nothing.
options:
  required_of:
    description: Roles that the play applies. Their required variables must be set.
    type: list
    elements: str
    default: [appliance]
  unknown:
    description: Whether names that nothing reads are refused, or only told.
    type: str
    choices: [refuse, tell]
    default: refuse
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.controller
"""

EXAMPLES = r"""
- name: Check every variable
  yitiji.deepseek.check_variables:
"""

RETURN = r"""
checked:
  description: Number of variables that were checked.
  type: int
  returned: always
  sample: 64
misspelt:
  description: Names that nothing reads, each with the variables that were probably meant, the likeliest first.
  type: dict
  returned: always
  sample: {appliance_modle: [appliance_model]}
renamed:
  description: Variables that are given and no longer read, and what takes their place.
  type: dict
  returned: always
  sample: {image_bridge: disk_image_bridge}
"""
