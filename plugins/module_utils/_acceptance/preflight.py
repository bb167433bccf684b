# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether role acceptance can measure with these settings (LLM850, LLM853)."""

from __future__ import annotations

from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import load
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.keys import on_node
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms

COUNTS = ("acceptance_rounds", "acceptance_least", "acceptance_request_timeout", "acceptance_timeout")


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """By the names of the role's variables.

    Besides: `teams` (rows of gateway_keys), `hosts` (of the inventory), `gateway_concurrency`, and of the plan
    `longest` (tokens) and `planned` (requests at once), both 0 where no plan is made yet.
    """
    found: List[Refusal] = []
    team, able = settings["acceptance_team"], on_node(settings["teams"])
    if team not in able:
        found.append(_wrong("acceptance_team", team, say("how to choose a team", names=able)))
    if not forms.is_url(settings["acceptance_url"]):
        found.append(_wrong("acceptance_url", settings["acceptance_url"], say("how to write an address")))
    if settings["acceptance_from"] not in [*settings["hosts"], "localhost"]:
        found.append(_wrong("acceptance_from", settings["acceptance_from"], say("how to choose a host")))
    for name in COUNTS:
        if int(settings[name]) < 1:
            found.append(_wrong(name, settings[name], say("how to write rounds")))
    if int(settings["acceptance_soak_minutes"]) < 0:
        minutes = settings["acceptance_soak_minutes"]
        found.append(_wrong("acceptance_soak_minutes", minutes, say("how to write minutes")))
    numbers = [int(number) for number in settings["acceptance_at_once"]]
    if any(number < 1 for number in numbers):
        found.append(_wrong("acceptance_at_once", numbers, say("how to write numbers at once")))
    planned, longest = int(settings["planned"]), int(settings["longest"])
    most = max(numbers or (load.at_once(planned) if planned else [0]))
    own = next((row.get("concurrency") for row in settings["teams"] if row.get("name") == team), None)
    limit = int(settings["gateway_concurrency"] if own is None else own)
    if 0 < limit < most:
        found.append(_wrong("acceptance_at_once", most, say("how to raise a team's limits")))
    if longest:
        try:
            load.lengths(longest, settings["acceptance_lengths"])
        except Refusal as refusal:
            found.append(refusal)
    return found


def _wrong(variable: str, value: Any, how: Text) -> Refusal:
    return Refusal("LLM853", name=variable, value=value, how=how)
