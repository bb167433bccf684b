# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter for roles that install packages."""

from __future__ import annotations

DOCUMENTATION = r"""
name: packages_missing
short_description: Which packages are absent or there in another version
version_added: 0.1.0
author: The yitiji.deepseek engineers (@yitiji)
description: A package is written as apt writes it, C(name) or C(name=version), with C(*) for any letters.
positional: wanted
options:
  _input:
    description: Lines of C(dpkg-query --show) in the form C(status/name/version).
    type: list
    elements: str
    required: true
  wanted:
    description: The packages.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
missing: "{{ query.stdout_lines | yitiji.deepseek.packages_missing(['docker.io', 'containerd.io=1.7.*']) }}"
"""

RETURN = r"""
_value:
  description: Those that have to be installed, as they were written.
  type: list
  elements: str
"""

from typing import Any, Callable, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import missing


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return {"packages_missing": missing}
