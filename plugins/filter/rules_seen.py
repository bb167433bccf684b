# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: rules_seen
short_description: Collect a registered result of several hosts into one dict
version_added: 1.0.0
author: yitiji.deepseek engineers (@yitiji)
description: Hosts without the result are left out.
positional: hostvars, name
options:
  _input:
    description: Names of the hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variable C(hostvars).
    type: dict
    required: true
  name:
    description: Name of the registered variable.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Judge
  yitiji.deepseek.doctor:
    seen: "{{ ansible_play_hosts | yitiji.deepseek.rules_seen(hostvars, '__preflight_seen') }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The results by host.
  type: dict
"""

from typing import Any, Callable, Dict, Iterable, Mapping

from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import refusing

KEYS = ("node", "measures", "clock", "plan", "settings")


def rules_seen(hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]], name: str) -> Dict[str, Any]:
    """{host: hostvars[host][name]} where it holds a node."""
    found: Dict[str, Any] = {}
    for host in hosts:
        value = hostvars[host].get(name)
        if value and "node" in value:
            found[host] = {key: value[key] for key in KEYS if key in value}
    return found


class FilterModule:
    """The filter under its name."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        return refusing({"rules_seen": rules_seen})
