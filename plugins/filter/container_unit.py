# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for the unit templates of the roles."""

from __future__ import annotations

from typing import Any, Callable, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import units as engine
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import container_limits as limits
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import container_unit as unit
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import guard, sandbox, systemd
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify.ports import exposed
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import filter_fail, refusing


def container_exec(settings: Dict[str, Any]) -> str:
    try:
        return unit.exec_line(unit.container(settings))
    except Refusal as refusal:
        filter_fail(refusal)
    except KeyError as error:
        filter_fail(Refusal("LLM149", why=say("a setting is missing", name=error)))


def engine_exec(plan: Dict[str, Any], engine_unit: Dict[str, Any], role: Dict[str, Any]) -> str:
    try:
        settings = engine.engine_settings(plan, engine_unit, role)
    except (KeyError, TypeError) as error:
        filter_fail(Refusal("LLM561", what=say("the plan lacks", name=error)))
    try:
        return unit.exec_line(unit.container(settings))
    except Refusal as refusal:
        filter_fail(refusal)


def container_limits(node: Dict[str, Any], kind: str, needed: int = 0) -> Dict[str, Any]:
    return limits.limits(kind, node, needed)


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        others = {
            "unit_note": systemd.note,
            "unit_sandbox": sandbox.sandbox,
            "exposed_listeners": exposed,
            "container_limits": container_limits,
            "bridge_name": guard.bridge,
        }
        return {"container_exec": container_exec, "engine_exec": engine_exec, **refusing(others)}
