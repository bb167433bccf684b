#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: require
short_description: Refuse to continue unless conditions hold
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Fails unless all conditions hold, with the message of the collection's catalogue that has this rule id.
  - The message names the rule, the host, the reason and the remedy, in English and Chinese.
options:
  that:
    description: Conditions as in C(when), without braces. One that does not hold suffices for a refusal.
    type: list
    elements: raw
  rule:
    description: Id of the message for O(that), for example V(LLM801). Each has a page in C(docs/rules).
    type: str
  values:
    description:
      - What the message's text asks for. A list is joined.
      - A dictionary with C(en) and C(zh) is a text in both languages.
    type: dict
    default: {}
  hosts:
    description: Whom the refusal is about. The host of the task when empty.
    type: list
    elements: str
    default: []
  refusals:
    description: What a filter of this collection refused. Each is told; none means that nothing is wrong.
    type: list
    elements: dict
    default: []
  evidence:
    description: Lines that follow the message unchanged, such as the end of a log.
    type: list
    elements: str
    default: []
  warn:
    description: Warn with the same message instead of failing.
    type: bool
    default: false
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.controller
"""

EXAMPLES = r"""
- name: Refuse ports that are open beyond what is wanted
  yitiji.deepseek.require:
    that: open_ports | length == 0
    rule: LLM801
    values:
      ports: "{{ open_ports }}"

- name: Refuse settings that can't work
  yitiji.deepseek.require:
    refusals: "{{ found | yitiji.deepseek.open_webui_data_problems(record, image, 'sqlite', '', 'gpu01') }}"
"""

RETURN = r"""
holds:
  description: Whether all conditions hold.
  type: bool
  returned: success
  sample: true
refusals:
  description: What is wrong, as C(msg) says it; the first one also as C(rule) and C(host).
  type: list
  elements: dict
  returned: failure
  contains:
    rule:
      description: The id of the rule.
      type: str
      sample: LLM801
    host:
      description: Whom the refusal is about.
      type: str
      sample: gpu01
"""
