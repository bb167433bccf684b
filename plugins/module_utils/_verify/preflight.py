# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the questions from outside could be asked at all with the settings of role verify (LLM814)."""

from __future__ import annotations

from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """By the names of the role's variables, besides `teams` (rows of gateway_keys) and `hosts` (of the inventory)."""
    found: List[Refusal] = []
    team = settings["verify_team"]
    able = [
        str(row.get("name"))
        for row in settings["teams"]
        if row.get("state", "present") == "present" and not row.get("sha256")
    ]
    if team and team not in able:
        there, there_zh = ", ".join(able), "、".join(able)
        fix = Text(f"name a team whose key lies on the node: {there}.", f"请填写密钥在节点上的团队：{there_zh}。")
        found.append(_wrong("verify_team", team, fix))
    if not forms.is_url(settings["verify_url"]):
        fix = Text("write https:// and the name that people use.", "请写成 https:// 加上用户所用的名称。")
        found.append(_wrong("verify_url", settings["verify_url"], fix))
    if settings["verify_from"] not in [*settings["hosts"], "localhost"]:
        fix = Text("name a host of the inventory, or localhost.", "请填写清单中的主机，或 localhost。")
        found.append(_wrong("verify_from", settings["verify_from"], fix))
    for name in ("verify_max_tokens", "verify_timeout"):
        if int(settings[name]) < 1:
            found.append(_wrong(name, settings[name], Text("give a number above 0.", "请填写大于 0 的数。")))
    for port in settings["verify_ports"]:
        found += forms.port_problems({"verify_ports": port})
    return found


def _wrong(variable: str, value: Any, fix: Text) -> Refusal:
    return Refusal("LLM814", Text(f"{variable}: {value!r} can't be used.", f"{variable}：{value!r} 不可用。"), fix)
