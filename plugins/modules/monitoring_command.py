#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: monitoring_command
short_description: Put the collector of the appliance's own figures on a node
version_added: 0.1.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Packs the collector into one executable file, which writes figures for node_exporter's textfile collector.
  - The command needs Python 3.8 and nothing else.
options:
  path:
    description: Where the command lies.
    type: path
    default: /usr/local/bin/yitiji-metrics
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
- name: Collect figures on the node
  yitiji.deepseek.monitoring_command:
"""

RETURN = r"""
path:
  description: Where the command lies.
  type: str
  returned: with O(state=present)
  sample: /usr/local/bin/yitiji-metrics
"""
