# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of the planner by name."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  deployment:
    description: Name of the deployment, its inventory group.
    type: str
    required: true
  profile:
    description: Name of a profile of the catalogue.
    type: str
    required: true
  model:
    description: Catalogue name or hub id of another model than the profile's.
    type: str
    default: ""
  engine:
    description: Another engine than the profile's.
    type: str
    default: ""
  precision:
    description: Another precision than the profile's (native, bf16, fp16, fp8, int8, awq, gptq, nvfp4).
    type: str
    default: ""
  gguf:
    description: Which GGUF file a GGUF engine takes; empty takes the most precise that fits.
    type: str
    default: ""
  beside:
    description:
      - Further models on the same node, each with cards, a unit and a port of its own (LLM539).
      - 'Each entry: C(model) and C(cards) (1), and, where it differs from the profile, C(context_length),
        C(concurrency), C(precision) (native) and C(kv_cache_dtype) (auto).'
    type: list
    elements: dict
    default: []
"""
