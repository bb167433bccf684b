# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether role verify can ask its questions from outside with these settings (LLM814)."""

from __future__ import annotations

from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.keys import on_node
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """By the names of the role's variables, besides `teams` (rows of gateway_keys) and `hosts` (of the inventory)."""
    found: List[Refusal] = []
    team = settings["verify_team"]
    able = on_node(settings["teams"])
    if team and team not in able:
        found.append(_wrong("verify_team", team, say("how to choose a team", names=able)))
    if not forms.is_url(settings["verify_url"]):
        found.append(_wrong("verify_url", settings["verify_url"], say("how to write an address")))
    if settings["verify_from"] not in [*settings["hosts"], "localhost"]:
        found.append(_wrong("verify_from", settings["verify_from"], say("how to choose a host")))
    for name in ("verify_max_tokens", "verify_timeout"):
        if int(settings[name]) < 1:
            found.append(_wrong(name, settings[name], say("how to write a number")))
    for port in settings["verify_ports"]:
        found += forms.port_problems({"verify_ports": port})
    return found


def _wrong(variable: str, value: Any, how: Text) -> Refusal:
    return Refusal("LLM814", name=variable, value=value, how=how)
