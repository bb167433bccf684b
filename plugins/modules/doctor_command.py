#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: doctor_command
short_description: Put the doctor on a node as a command
version_added: 0.1.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Packs facts, probes and rules into one executable file for support staff, who need no Ansible to run it.
  - The command needs Python 3.8 and nothing else. It changes nothing on the node.
options:
  path:
    description: Where the command lies.
    type: path
    default: /usr/local/bin/yitiji-doctor
  state:
    description: Whether it should be there.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.action
attributes:
  check_mode:
    support: full
    details: Says whether the file would change.
  diff_mode:
    support: none
    details: The file is an archive, so no difference is shown.
  action:
    details: Packs the program, and puts it on the node.
"""

EXAMPLES = r"""
- name: Leave the doctor on the node
  yitiji.deepseek.doctor_command:
"""

RETURN = r"""
path:
  description: Where the command lies.
  type: str
  returned: with O(state=present)
  sample: /usr/local/bin/yitiji-doctor
checksum:
  description: SHA-1 of the file, as the copy module tells it.
  type: str
  returned: when known
  sample: 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12
"""
