# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter for the roles that bring packages from a vendor's repository."""

from __future__ import annotations

DOCUMENTATION = r"""
name: distribution_repository
short_description: A vendor's repository for a distribution
version_added: 1.0.0
description:
  - Says what M(yitiji.deepseek.package_repository) needs to know of a repository of the catalogue.
positional: _name
options:
  _input:
    description: What M(yitiji.deepseek.distribution) returned.
    type: dict
    required: true
  _name:
    description: Its name in the catalogue.
    type: str
    required: true
  base:
    description: Address of a mirror, which replaces the vendor's C(base), or all of its address where there is none.
    type: str
    default: ""
  key_url:
    description: Address of the key, where it is not the vendor's.
    type: str
    default: ""
  keys:
    description: Fingerprints of the keys, where they are not the vendor's.
    type: list
    elements: str
    default: []
author:
  - The yitiji.deepseek engineers (@yitiji)
"""

EXAMPLES = r"""
repository: "{{ appliance_distribution | yitiji.deepseek.distribution_repository('docker', base=mirror) }}"
"""

RETURN = r"""
_value:
  description: C(manager), C(url), C(suite), C(components), C(key_url), C(fingerprints) and C(signs).
  type: dict
  sample: {manager: dnf, url: https://download.docker.com/linux/rhel/9/$basearch/stable}
"""

from typing import Any, Callable, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.repository import described
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import refusing


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return refusing({"distribution_repository": described})
