#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: doctor
short_description: Judge nodes by the rules, print a table, write reports
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Applies the rules to what M(yitiji.deepseek.node_probe) found on each node.
  - Runs on the controller, once for all hosts.
  - A result is pass, warn, fail, skip or unknown; unknown is never pass.
  - Fails with all failures of all hosts at once, each with its evidence and remedy, in Chinese and English.
  - Changes nothing on any node. The reports are written on the controller, and only when asked for.
options:
  phase:
    description: V(pre) before anything is changed, V(post) after an installation, V(run) at any time.
    type: str
    choices: [pre, post, run]
    default: run
  seen:
    description: Per host name, the result of M(yitiji.deepseek.node_probe), with its plan and settings.
    type: dict
    required: true
  ignore:
    description: Rules to silence, each with C(id) and C(reason). They are still shown. A reason is required (LLM199).
    type: list
    elements: raw
    default: []
  language:
    description: Language of the table and of the messages.
    type: str
    choices: [both, zh, en]
    default: both
  fail:
    description: Fail when a rule failed. With V(false), only report.
    type: bool
    default: true
  show_all:
    description: Show rules that pass or do not apply, too.
    type: bool
    default: false
  title:
    description: Heading of the table and the reports.
    type: str
    default: doctor
  json_file:
    description: Where to write the JSON report, on the controller. Not written in check mode.
    type: path
  help:
    description: Address before a rule's number under which the appliance explains it; the HTML report links there.
    type: str
    default: ""
  html_file:
    description: Where to write the HTML report, on the controller. Not written in check mode.
    type: path
  vendor:
    description: Whose product it is, as P(yitiji.deepseek.appliance_vendor#filter) gives it.
    type: dict
    default: {}
seealso:
  - module: yitiji.deepseek.node_probe
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
  - yitiji.deepseek.attributes.controller
attributes:
  check_mode:
    support: full
    details: Judges as always; writes no report.
"""

EXAMPLES = r"""
- name: Look at every node
  yitiji.deepseek.node_probe:
    plan: "{{ appliance_plan }}"
  register: seen

- name: Judge all nodes at once
  yitiji.deepseek.doctor:
    phase: pre
    seen: "{{ ansible_play_hosts | yitiji.deepseek.rules_seen(hostvars, 'seen') }}"
    ignore:
      - id: LLM102
        reason: The lab has no time server.
  run_once: true
"""

RETURN = r"""
results:
  description: One entry per rule and host.
  type: list
  elements: dict
  returned: unless it fails
  sample:
    - id: LLM101
      host: gpu01
      status: fail
      severity: error
      title: {zh: 磁盘空间, en: Disk space}
      evidence: {zh: …, en: "/srv needs 110.0 GB (weights 110.0 GB) and has 80.1 GB free"}
      fix: {zh: …, en: "free space on /srv, or set appliance_weights_dir / docker_data_root to a larger disk"}
      why: {zh: …, en: Models have hundreds of GB; a disk that fills half-way may take the system with it.}
      doc: docs/rules/LLM101.md
      silenced: null
summary:
  description: How many results there are of each status. Silenced ones count as skip.
  type: dict
  returned: always
  sample: {pass: 14, warn: 1, fail: 1, unknown: 0, skip: 6, silenced: 0}
exit_code:
  description: 0 all well, 1 warnings or unknown, 2 failures.
  type: int
  returned: always
  sample: 2
failed_rules:
  description: Rules that failed, in short.
  type: list
  elements: dict
  returned: always
  sample: [{id: LLM101, host: gpu01}]
failures:
  description: The same with reason and remedy in both languages, as M(yitiji.deepseek.require) takes refusals.
  type: list
  elements: dict
  returned: unless it fails
  sample: [{rule: LLM101, host: gpu01, reason: {zh: …, en: "/srv is full"}, remedy: {zh: …, en: free space on /srv}}]
table:
  description: The printed lines.
  type: list
  elements: str
  returned: unless it fails
  sample: ["✗ LLM101 gpu01 Disk space: …"]
"""
