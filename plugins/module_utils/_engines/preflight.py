# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the units of a plan's engine can be written with the settings of role engine (LLM710)."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.gather import gathered
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import units_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.units import engine_settings
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
            found.append(_wrong("engine_environment", say("no name of a variable", value=name)))
    if not PLAIN.match(str(role["tmp_options"])):
        found.append(_wrong("engine_tmp_options", say("blanks in options")))
    if int(settings["start_timeout"]) < 1:
        found.append(_wrong("engine_start_timeout", say("no time", value=settings["start_timeout"])))
    made = settings["docker_network"]
    if role["network"] != made:
        found.append(_wrong("engine_network", say("another network", value=made)))
    return [*found, *gathered(*(partial(_written, settings, unit) for unit in _units(settings)))]


def ports(plan: Mapping[str, Any], host: str) -> Dict[str, Any]:
    """Unit -> port, of the units of one node."""
    return {unit["name"]: unit["port"] for unit in units_of(plan, host) if unit["serves"]}


def _units(settings: Mapping[str, Any]) -> List[Dict[str, Any]]:
    container = settings["plan"]["provision"]["role"] == "engine"
    return units_of(settings["plan"], settings["host"]) if container else []


def _written(settings: Mapping[str, Any], unit: Dict[str, Any]) -> None:
    try:
        container_unit.exec_line(container_unit.container(engine_settings(settings["plan"], unit, settings["role"])))
    except Refusal as refusal:
        raise _wrong(unit["name"], refusal.reason) from refusal


def _wrong(name: str, why: Text) -> Refusal:
    return Refusal("LLM710", name=name, why=why)
