# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter for the role host_tuning."""

from __future__ import annotations

DOCUMENTATION = r"""
name: iommu_problem
short_description: Whether the IOMMU stands between the cards
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description: True when it translates and the kernel was not started with C(iommu=pt) (LLM211).
options:
  _input:
    description: C(boot) of what M(yitiji.deepseek.node_info) read, with C(iommu) and C(cmdline).
    type: dict
    required: true
"""

EXAMPLES = r"""
hint: "{{ appliance_node.boot | yitiji.deepseek.iommu_problem }}"
"""

RETURN = r"""
_value:
  description: Whether it does.
  type: bool
"""

from typing import Any, Callable, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._system import kernel_settings as core
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import refusing


def iommu_problem(boot: Dict[str, Any]) -> bool:
    return core.iommu_problem(boot.get("iommu") or [], str(boot.get("cmdline") or ""))


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return refusing({"iommu_problem": iommu_problem})
