# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter for the roles that install packages."""

from __future__ import annotations

DOCUMENTATION = r"""
name: distribution_packages
short_description: A distribution's own names for packages
version_added: 1.0.0
description:
  - Lists the packages of a distribution for what a role wants, each once. What the distribution has no package for is
    refused (LLM156).
positional: _names
options:
  _input:
    description: What M(yitiji.deepseek.distribution) returned.
    type: dict
    required: true
  _names:
    description: What is wanted, by the names of the catalogue.
    type: list
    elements: str
    required: true
author:
  - The yitiji.deepseek engineers (@yitiji)
"""

EXAMPLES = r"""
names: "{{ appliance_distribution | yitiji.deepseek.distribution_packages('nginx', 'njs') }}"
"""

RETURN = r"""
_value:
  description: The packages.
  type: list
  elements: str
  sample: [nginx, libnginx-mod-http-js]
"""

from typing import Any, Callable, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.distributions import packages
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import refusing


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return refusing({"distribution_packages": packages})
