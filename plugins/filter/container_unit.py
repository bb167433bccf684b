# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for the unit templates of the roles."""

from __future__ import annotations

from typing import Any, Callable, Dict

from ansible.errors import AnsibleFilterError
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import units as engine
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import container_unit as unit
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import systemd
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify.ports import exposed


def container_exec(settings: Dict[str, Any]) -> str:
    try:
        return unit.exec_line(unit.container(settings))
    except (KeyError, ValueError) as error:
        raise AnsibleFilterError(f"container_exec: {error}") from error


def engine_exec(plan: Dict[str, Any], engine_unit: Dict[str, Any], role: Dict[str, Any]) -> str:
    try:
        settings = engine.engine_settings(plan, engine_unit, role)
    except (KeyError, TypeError) as error:
        raise AnsibleFilterError(f"engine_exec: the plan lacks {error}") from error
    try:
        return unit.exec_line(unit.container(settings))
    except ValueError as error:
        raise AnsibleFilterError(f"engine_exec: {error}") from error


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return {
            "container_exec": container_exec,
            "engine_exec": engine_exec,
            "unit_note": systemd.note,
            "exposed_listeners": exposed,
        }
