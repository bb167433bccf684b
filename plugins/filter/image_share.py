# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter for the engine's image, which the head of a deployment hands on."""

from __future__ import annotations

DOCUMENTATION = r"""
name: image_share
short_description: Who brings the engine's image from outside, and who takes it from the head
version_added: 1.0.0
description:
  - Says for one node of a deployment whether it brings the image from outside for the others, or takes it from the
    head. Only the head and the nodes that lack the image share; one node alone, or nodes that all have it, share
    nothing.
positional: host, sources, port, wanted
options:
  _input:
    description: The nodes, each a dictionary with C(address) and C(head).
    type: dict
    required: true
  host:
    description: Name of the node in question.
    type: str
    required: true
  sources:
    description: The nodes of this run, each with where its image would come from; V(node) where it is already.
    type: dict
    required: true
  port:
    description: Port on which the head serves.
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
share: "{{ appliance_plan.nodes | yitiji.deepseek.image_share('gpu02', {'gpu01': 'node', 'gpu02': 'r/x:1'}, 8810) }}"
"""

RETURN = r"""
_value:
  description: As P(yitiji.deepseek.weights_share#filter) says it.
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

from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.share import image_share
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import refusing


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return refusing({"image_share": image_share})
