#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: acceptance_report
short_description: Judge what was measured, and write a signed report of it
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Puts what the profile states and the plan predicts beside what M(yitiji.deepseek.acceptance_measure) found, and
    judges it by the catalogue's limits. Runs on the controller. The signature is by ssh-keygen;
    M(yitiji.deepseek.acceptance_check) judges it.
options:
  save_to:
    description: Folder that gets the files.
    type: path
    required: true
  plan:
    description: The plan.
    type: dict
    required: true
  function:
    description: What was asked for and came, as measured.
    type: list
    elements: dict
    required: true
  speed:
    description: The steps, as measured.
    type: list
    elements: dict
    required: true
  soak:
    description: The soak, as measured.
    type: dict
    default: {}
  machines:
    description: Of each host, as M(yitiji.deepseek.acceptance_node) measured it.
    type: dict
    default: {}
  others:
    description: Requests of other users that ran before anything was asked.
    type: int
  facts:
    description: Ansible's own facts of each host of the deployment, by its name.
    type: dict
    required: true
  nodes:
    description: What M(yitiji.deepseek.node_info) found of each, by its name.
    type: dict
    required: true
  load:
    description: How it was measured, for the reader.
    type: dict
    required: true
  quality:
    description: The answer to each question, as measured.
    type: list
    elements: dict
    default: []
  against:
    description: Folder of an earlier report, with which this one is compared.
    type: path
  signer:
    description: Public key by which the earlier report is judged.
    type: str
    default: ""
  parties:
    description: C(vendor), C(customer), C(contract), C(site). What is left out is a field to fill in by hand.
    type: dict
    default: {}
  vendor:
    description: Whose product it is, as P(yitiji.deepseek.appliance_vendor#filter) gives it.
    type: dict
    default: {}
  pdf_python:
    description: Python of an environment with the packages typst and pylopdf-fonts-zh-cn. Empty makes no PDF.
    type: str
    default: ""
  signing_key:
    description: Private key to sign with, made where there is none.
    type: path
    default: ~/.config/yitiji/acceptance-key
  catalog_dirs:
    description: Folders of your own catalogue.
    type: list
    elements: path
    default: []
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
  - yitiji.deepseek.attributes.controller
attributes:
  check_mode:
    support: full
    details: Judges, and writes nothing.
"""

EXAMPLES = r"""
- name: Write the report
  yitiji.deepseek.acceptance_report:
    save_to: acceptance/campus
    plan: "{{ appliance_plan }}"
    function: "{{ measured.function }}"
    speed: "{{ measured.speed }}"
    facts: {gpu01: "{{ hostvars.gpu01.ansible_facts }}"}
    nodes: {gpu01: "{{ node.node }}"}
    load: {generator: AIPerf 0.13.0, seed: 1, url: https://10.0.0.11, from: localhost}
"""

RETURN = r"""
verdict:
  description: V(pass), V(conditional) or V(fail).
  returned: success
  type: str
  sample: pass
missed:
  description: Figures and checks that are not passed.
  returned: success
  type: list
  elements: dict
  sample: []
files:
  description: What was written.
  returned: success
  type: list
  elements: str
  sample: [report.zh.html, report.en.html, report.zh.pdf, report.en.pdf, report.json, report.json.sig, report.pub]
fingerprint:
  description: Of the key that signed it.
  returned: outside check mode
  type: str
  sample: SHA256:…
"""
