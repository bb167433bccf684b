#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: check_settings
short_description: Refuse the settings of a role before anything is changed
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Names everything at once that is wrong with the settings of one role, each with its rule and its remedy. Every
    role's entry point C(preflight) calls it; the role itself uses the same functions later.
  - Runs on the controller and connects to nothing. What can only be seen on a node is looked at by other tasks there.
options:
  role:
    description: Whose settings these are.
    type: str
    required: true
    choices: [acceptance, backup, clients, compliance, docker, doctor, engine, firewall, gateway, host_tuning,
      isolation, monitoring, nvidia_container_toolkit, nvidia_driver, open_webui, preflight, verify, virtual_address]
  settings:
    description: The settings, as the role's variables hold them.
    type: dict
    required: true
extends_documentation_fragment:
  - yitiji.deepseek.catalog
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.controller
"""

EXAMPLES = r"""
- name: Check where the doctor comes to lie
  yitiji.deepseek.check_settings:
    role: doctor
    settings:
      doctor_path: /usr/local/bin/yitiji-doctor
      doctor_config: /etc/yitiji/doctor.json
"""

RETURN = r"""
rules:
  description: Ids of the rules that refuse something.
  type: list
  elements: str
  returned: always
  sample: [LLM804, LLM805]
"""
