#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: compliance
short_description: Show what a level of compliance asks of a node, control by control, with evidence
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Runs the level's commands on the node in one trip, judges their answers, and writes the report on
    the controller. Changes nothing on the node. An open control fails (LLM890).
options:
  level:
    description: Name of an entry in C(compliance) of the catalogue.
    type: str
    required: true
  settings:
    description: The variables that the level's C(when) names.
    type: dict
    default: {}
  commands:
    description: What is run; the action plugin takes it from the level.
    type: list
    elements: str
    default: []
  fail:
    description: Whether an open control fails.
    type: bool
    default: true
  file:
    description: Path of the report on the controller, without C(.html) and C(.json). Not written in check mode.
    type: path
  language:
    description: Language that the page shows first.
    type: str
    default: both
  vendor:
    description: Whose product it is, as P(yitiji.deepseek.appliance_vendor#filter) gives it.
    type: dict
    default: {}
extends_documentation_fragment:
  - yitiji.deepseek.catalog
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.action
attributes:
  action:
    details: Reads the catalogue, judges the answers and writes the report.
"""

EXAMPLES = r"""
- name: Show what level 3 asks of the node
  yitiji.deepseek.compliance:
    level: dengbao3
    file: compliance
"""

RETURN = r"""
counts:
  description: How many controls there are of each state.
  type: dict
  returned: always
  sample: {open: 0, unshown: 4, met: 48, site: 14}
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import SAFE_PATH, run

SECONDS, MOST = 20, 100_000


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "level": {"type": "str", "required": True},
            "settings": {"type": "dict", "default": {}},
            "commands": {"type": "list", "elements": "str", "default": []},
            "fail": {"type": "bool", "default": True},
            "file": {"type": "path"},
            "language": {"type": "str", "default": "both"},
            "vendor": {"type": "dict", "default": {}},
            "catalog_dirs": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    os.environ.update(PATH=SAFE_PATH, LC_ALL="C.UTF-8")
    answers = {}
    for command in module.params["commands"]:
        done = run(["/bin/sh", "-c", command], SECONDS)
        answers[command] = [done.returncode, done.stdout[:MOST].rstrip(), done.stderr[:MOST].rstrip()]
    module.exit_json(changed=False, answers=answers)


if __name__ == "__main__":
    main()
