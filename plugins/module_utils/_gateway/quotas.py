# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the settings of the audit and of the day's quotas, found before anything is changed."""

from __future__ import annotations

from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text

NUMBERS = {"days": 1, "segment_mb": 1, "share_mb": 64, "reserve_mb": 64, "content_bytes": 1024}
KEPT = {"dengbao3": 180}  # days, by compliance_level


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """By the names of the role's variables (LLM820, LLM880)."""
    least = {**NUMBERS, "days": KEPT.get(str(settings.get("compliance_level")), 1)}
    found = [
        Refusal("LLM820", name=f"gateway_audit_{name}", value=settings[f"gateway_audit_{name}"], least=number)
        for name, number in least.items()
        if int(settings[f"gateway_audit_{name}"]) < number
    ]
    rows = list(settings["gateway_quotas"])
    if rows and not settings["appliance_audit"]:
        found.append(_wrong("without appliance_audit nothing is counted", "没有 appliance_audit 就无法计数"))
    teams = {"*", *(str(row.get("name")) for row in settings["gateway_keys"])}
    for row in rows:
        who = [name for name in ("team", "person") if row.get(name)]
        unknown = sorted(set(row) - {"team", "person", "requests", "tokens"})
        counts = [row[name] for name in ("requests", "tokens") if row.get(name) is not None]
        if len(who) != 1 or unknown or not counts or not all(str(count).isdigit() and int(count) for count in counts):
            found.append(_wrong(f"{dict(row)} is no row", f"{dict(row)} 不是有效的一行"))
        elif who == ["team"] and row["team"] not in teams:
            found.append(_wrong(f"there is no team {row['team']}", f"没有团队 {row['team']}"))
    return found


def _wrong(english: str, chinese: str) -> Refusal:
    return Refusal("LLM880", why=Text(english, chinese))
