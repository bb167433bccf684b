#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: acceptance_check
short_description: Check that an acceptance report is whole, signed, and of these machines
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Refuses a report whose content and signature do not belong together, or that another key signed (LLM854), and one of
    other machines than those that are given (LLM855). Runs on the controller and changes nothing.
options:
  path:
    description: The folder of the report.
    type: path
    required: true
  signer:
    description:
      - The vendor's public key, as in an ssh key file. A report without one is refused (LLM854), since a key that lies
        beside the report proves nothing.
    type: str
    required: true
  facts:
    description: Ansible's own facts of each host, by its name. Empty does not compare machines.
    type: dict
    default: {}
  nodes:
    description: What M(yitiji.deepseek.node_info) found of each, by its name.
    type: dict
    default: {}
  against:
    description: Folder of an earlier report, to which this one is compared.
    type: path
  save_to:
    description: Folder for a page of that comparison in each language, which no signature covers.
    type: path
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.controller
"""

EXAMPLES = r"""
- name: Check the report
  yitiji.deepseek.acceptance_check:
    path: acceptance/campus
    signer: ssh-ed25519 AAAA…
"""

RETURN = r"""
verdict:
  description: The report's verdict.
  returned: success
  type: str
  sample: pass
made:
  description: When it was made.
  returned: success
  type: str
  sample: "2026-11-29T04:00:00Z"
fingerprint:
  description: Of the key that signed it.
  returned: success
  type: str
  sample: SHA256:…
changes:
  description: What changed since the earlier report, of machines, versions and figures.
  returned: success
  type: list
  elements: dict
  sample: [{kind: figure, of: 1024 / 1024 · 4, key: tokens_per_second, before: 61.2, after: 60.9, percent: -0.5}]
told:
  description: The changes worth telling, each as a line by language.
  returned: when compared
  type: list
  elements: dict
  sample:
    - zh: "1024 / 1024 · 4，输出速率（词元/秒）：61.2 → 50.9（-16.8%）"
      en: "1024 / 1024 · 4, answer tokens/s, in total: 61.2 → 50.9 (-16.8 %)"
pages:
  description: What was written.
  returned: when compared and not in check mode
  type: list
  elements: str
  sample: [changes.zh.html, changes.en.html]
"""
