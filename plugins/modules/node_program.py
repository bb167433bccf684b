#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_program
short_description: Install one of the collection's programs on a node
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Packs a core and all that it imports into one executable file that needs Python 3.8 and nothing else.
    The same files give the same bytes.
options:
  program:
    description:
      - Which program. V(doctor) judges the node, for support staff without Ansible, and changes nothing;
        V(metrics) collects the appliance's own figures; V(watch) looks at the service and repairs what it can;
        V(weights-check) hashes verified weights again; V(engine-group) starts and ends an engine's parts
        on several nodes together; V(backup) makes a backup of the node; V(guard) keeps the rules true of who
        reaches the appliance's inner ports; V(console) collects what its console shows; V(audit) records
        who asked what.
    type: str
    choices: [doctor, metrics, watch, weights-check, engine-group, backup, guard, console, audit]
    required: true
  path:
    description:
      - Where it lies. Empty takes the program's own place, C(/usr/local/bin/yitiji-doctor),
        C(/usr/local/bin/yitiji-metrics), C(/usr/local/lib/yitiji/watch), C(/usr/local/lib/yitiji/weights-check),
        C(/usr/local/lib/yitiji/engine-group), C(/usr/local/bin/yitiji-backup), C(/usr/local/lib/yitiji/guard),
        C(/usr/local/lib/yitiji/console) or C(/usr/local/bin/yitiji-audit).
    type: path
    default: ""
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
  yitiji.deepseek.node_program:
    program: doctor
"""

RETURN = r"""
path:
  description: Where the program lies.
  type: str
  returned: with O(state=present)
  sample: /usr/local/bin/yitiji-doctor
checksum:
  description: SHA-1 of the file, as the copy module tells it.
  type: str
  returned: when known
  sample: 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12
"""
