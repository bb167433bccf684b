#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reach
short_description: Check whether a node can be reached and used
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Logs in, becomes root when the play says so, and runs Python, as every later task does.
  - Fails with the host, its address, the reason and the remedy (LLM107; LLM106 for its Python) where Ansible would
    only call the host unreachable and continue with the others. With C(any_errors_fatal) nothing is changed anywhere.
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.action
attributes:
  action:
    details: Tries the connection, and tells why it failed.
"""

EXAMPLES = r"""
- name: Reach every node
  yitiji.deepseek.reach:
  any_errors_fatal: true
"""

RETURN = r"""
rule:
  description: The id of the rule.
  type: str
  returned: failure
  sample: LLM107
"""
