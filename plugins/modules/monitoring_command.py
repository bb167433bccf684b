#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: monitoring_command
short_description: Put the collector of the appliance's own figures on a node
version_added: 0.1.0
author: yitiji.deepseek engineers (@yitiji)
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
attributes:
  check_mode:
    description: Says whether the file would change.
    support: full
  diff_mode:
    description: The file is an archive, so no difference is shown.
    support: none
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
