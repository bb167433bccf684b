# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter for the role weights."""

from __future__ import annotations

DOCUMENTATION = r"""
name: weights_share
short_description: Who fetches a model from outside, and who takes it from a neighbour
version_added: 1.0.0
description:
  - Says for one node of a deployment whether it fetches the model itself, from which nodes it may take it, and what
    its own server allows. One node alone, or nodes that all have the model, share nothing.
positional: host, verified, port, wanted
options:
  _input:
    description: The nodes, each a dictionary with C(address) and C(head).
    type: dict
    required: true
  host:
    description: Name of the node in question.
    type: str
    required: true
  verified:
    description: The nodes of this run, each with whether its stamp stands.
    type: dict
    required: true
  port:
    description: Port on which nodes serve each other.
    type: int
    required: true
  wanted:
    description: Whether sharing is wanted at all.
    type: bool
    default: true
author:
  - The yitiji.deepseek engineers (@yitiji)
"""

EXAMPLES = r"""
share: "{{ appliance_plan.nodes | yitiji.deepseek.weights_share('gpu02', {'gpu01': true, 'gpu02': false}, 8810) }}"
"""

RETURN = r"""
_value:
  description: C(active), C(fetches), C(mirrors), C(address), C(allow), C(name) for the certificate, and C(peers).
  type: dict
  sample:
    active: true
    fetches: false
    mirrors: ["https://10.0.0.11:8810"]
    address: 10.0.0.12
    allow: [10.0.0.11]
    name: "IP:10.0.0.12"
    peers: [gpu01]
"""

from typing import Any, Callable, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.share import share
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import refusing


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return refusing({"weights_share": share})
