#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: together
short_description: Runs the steps of a phase in one round trip to the node
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Takes steps that are written like tasks, builds their modules on the controller and sends all of them at once.
  - They run in their order, each in a process of its own, as they would as tasks; the first one that fails ends it.
  - A step whose action does more than one module's work on the node (it copies a program, waits, loads an image) is
    the last of its trip; what follows goes with the next one.
  - Nothing that a step says is known to the others, as all are made before the first one runs. What depends on an
    answer is a task of its own.
  - Where the connection has no pipelining, each step makes its own way to the node, in the same order.
options:
  steps:
    description:
      - What is done. Each step has a C(name) and one module with its arguments, both as in a task.
      - C(when) is a value, not a bare expression; a step that has a false one is left out.
      - C(check_mode) is that of a task.
      - C(changed_when) is true or false, and is what the step counts as.
      - C(register) is the name under which its answer stands in the task's.
      - C(may_fail) lets the others go on after it.
      - C(timeout) is its limit in seconds, where the connection has pipelining.
    type: list
    elements: dict
    required: true
  independent:
    description:
      - No step depends on another one, as in checks. They run at the same time, as many as the node has processors.
      - All that fail are told.
    type: bool
    default: false
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.action
attributes:
  check_mode:
    support: full
    details: Hands it to each step.
  diff_mode:
    support: full
    details: Shows the differences of all steps.
  action:
    details: Builds the steps' modules and takes their answers apart.
"""

EXAMPLES = r"""
- name: Make the service's account and files
  yitiji.deepseek.together:
    steps:
      - name: Make its key
        yitiji.deepseek.secret_file:
          name: service-key
      - name: Write its settings
        yitiji.deepseek.managed_files:
          files:
            - path: /etc/service.conf
              content: "{{ lookup('ansible.builtin.template', 'service.conf.j2') }}"
        register: written
  register: __service_made
"""

RETURN = r"""
changed_steps:
  description: Names of the steps that changed something, or would.
  returned: always
  type: list
  elements: str
  sample: [Make its key]
step:
  description: Name of the step that failed.
  returned: failure
  type: str
  sample: Write its settings
"""
