# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the units of a plan's engine can be written with the settings of role engine (LLM710)."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.gather import gathered
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.units import engine_settings, plan_units
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import container_unit
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms

VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
PLAIN = re.compile(r"^[A-Za-z0-9=,_-]+$")


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """`plan`, `host`, `role` (what a unit is made of), `paths`, `start_timeout`, `docker_network`."""
    role = settings["role"]
    found = [*forms.port_problems(ports(settings["plan"], settings["host"])), *forms.path_problems(settings["paths"])]
    for name in role["env"]:
        if not VARIABLE.match(str(name)):
            found.append(_wrong("engine_environment", f"{name!r} is no variable's name", f"{name!r} 不是变量名"))
    if not PLAIN.match(str(role["tmp_options"])):
        found.append(_wrong("engine_tmp_options", "it holds blanks or line breaks", "含有空白或换行"))
    if int(settings["start_timeout"]) < 1:
        found.append(_wrong("engine_start_timeout", "it is not above 0", "必须大于 0"))
    made = settings["docker_network"]
    if role["network"] != made:
        found.append(_wrong("engine_network", f"docker_network is {made!r}", f"docker_network 为 {made!r}"))
    return [*found, *gathered(*(partial(_written, settings, unit) for unit in _units(settings)))]


def ports(plan: Mapping[str, Any], host: str) -> Dict[str, Any]:
    """Unit -> port, of the units of one node."""
    return {unit["name"]: unit["port"] for unit in plan_units(dict(plan), host)}


def _units(settings: Mapping[str, Any]) -> List[Dict[str, Any]]:
    container = settings["plan"]["provision"]["role"] == "engine"
    return plan_units(settings["plan"], settings["host"]) if container else []


def _written(settings: Mapping[str, Any], unit: Dict[str, Any]) -> None:
    try:
        container_unit.exec_line(container_unit.container(engine_settings(settings["plan"], unit, settings["role"])))
    except ValueError as error:
        raise _wrong(unit["name"], str(error), str(error)) from error


def _wrong(what: str, why: str, why_zh: str) -> Refusal:
    return Refusal(
        "LLM710",
        Text(f"the engine's unit could not run: {what}: {why}.", f"引擎的服务单元将无法运行：{what}：{why_zh}。"),
        Text(
            "correct the variables of role engine (engine_environment, engine_docker_options, engine_network, "
            "engine_models_dir, engine_tmp_options, engine_start_timeout).",
            "请更正 engine 角色的变量（engine_environment、engine_docker_options、engine_network、"
            "engine_models_dir、engine_tmp_options、engine_start_timeout）。",
        ),
    )
