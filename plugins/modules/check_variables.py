#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: check_variables
short_description: Check the variables of every role before the first one runs
version_added: 0.1.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Ansible checks a role's variables when that role starts, so a wrong one of a late role would be found after
    early roles have changed the node. This checks those of all roles of the collection at once.
  - Names host, variable, value, what it must be and where to correct it (LLM120), required ones that are missing
    (LLM121) or given by a former name (LLM123), and warns of names that look like a misspelt variable (LLM122).
  - Runs on the controller and connects to nothing.
options:
  required_of:
    description: Roles that the play applies. Their required variables must be set, and none by a former name.
    type: list
    elements: str
    default: [appliance]
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
  description: Names that look like a variable of the collection, and which.
  type: dict
  returned: always
  sample: {appliance_modle: appliance_model}
renamed:
  description: Former names of variables that are given, and what they are called now.
  type: dict
  returned: always
  sample: {image_bridge: disk_image_bridge}
"""
