# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of the teams that may use the API; nginx knows only their SHA-256."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.secrets import check_value

STATES = ("present", "suspended", "absent")
PREFIX = "gateway-key-"
KEY_LENGTH = 43
_TEAM = re.compile(r"^[a-z0-9][a-z0-9-]{0,38}$")
_HASH = re.compile(r"^[0-9a-f]{64}$")
_FIELDS = {"name", "state", "rate", "burst", "concurrency", "weight", "value", "sha256"}


class Team(NamedTuple):
    name: str
    state: str = "present"
    rate: int = 0
    burst: int = 0
    concurrency: int = 0
    weight: int = 1  # of its share of the engines
    stated: bool = False  # whether the team itself says how many requests at a time
    value: str = ""
    sha256: str = ""

    @property
    def secret(self) -> str:
        """Name of the file that holds the key."""
        return PREFIX + self.name

    @property
    def word(self) -> str:
        """The name as a part of nginx's own names."""
        return self.name.replace("-", "_")


def _wrong(reason: Text) -> Refusal:
    return Refusal("LLM805", why=reason)


def on_node(rows: Iterable[Mapping[str, Any]]) -> List[str]:
    """The teams whose key is on the node and opens the API."""
    return [
        str(row.get("name"))
        for row in rows
        if str(row.get("state") or "present") == "present" and not row.get("sha256")
    ]


def parse(rows: List[Mapping[str, Any]], defaults: Mapping[str, int]) -> List[Team]:
    """The teams, checked (LLM805); limits that a team does not set are the defaults. 0: no limit."""
    teams: List[Team] = []
    for row in rows:
        name = str(row.get("name") or "")
        unknown = sorted(set(row) - _FIELDS)
        if not _TEAM.match(name) or unknown:
            raise _wrong(
                Text(
                    f"gateway_keys: {name!r} is no name (a-z, 0-9, -; at most 39), or unknown fields: {unknown}.",
                    f"gateway_keys：名称 {name!r} 无效（a-z、0-9、-，最多 39 个字符），或含未知字段：{unknown}。",
                )
            )
        try:
            limits = {key: int(row.get(key, defaults[key])) for key in ("rate", "burst", "concurrency")}
            limits["weight"] = int(row.get("weight", 1))
        except (TypeError, ValueError) as error:
            raise _wrong(Text(f"gateway_keys: {name}: {error}.", f"gateway_keys：{name}：{error}。")) from error
        team = Team(
            name,
            str(row.get("state") or "present"),
            value=str(row.get("value") or ""),
            sha256=str(row.get("sha256") or "").lower(),
            stated="concurrency" in row,
            **limits,
        )
        _check(team)
        teams.append(team)
    names = [team.name for team in teams]
    for field, values in (("name", names), ("sha256", [team.sha256 for team in teams if team.sha256])):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise _wrong(
                Text(f"gateway_keys: the same {field} twice: {twice}.", f"gateway_keys：{field} 重复：{twice}。")
            )
    return teams


def _check(team: Team) -> None:
    if team.state not in STATES:
        raise _wrong(
            Text(
                f"gateway_keys: {team.name}: state {team.state!r}, there are {', '.join(STATES)}.",
                f"gateway_keys：{team.name}：state 为 {team.state!r}，可选 {'、'.join(STATES)}。",
            )
        )
    if min(team.rate, team.burst, team.concurrency, team.weight - 1) < 0:
        raise _wrong(
            Text(
                f"gateway_keys: {team.name}: a limit below 0, or a weight below 1.",
                f"gateway_keys：{team.name}：限制值为负数，或权重小于 1。",
            )
        )
    if team.sha256 and (team.value or not _HASH.match(team.sha256)):
        raise _wrong(
            Text(
                f"gateway_keys: {team.name}: sha256 is 64 hexadecimal digits, and stands without a value.",
                f"gateway_keys：{team.name}：sha256 应为 64 位十六进制，且不能与 value 同时给出。",
            )
        )
    if team.value:
        check_value(team.secret, team.value)
        if re.search(r"\s", team.value):
            raise _wrong(
                Text(f"gateway_keys: {team.name}: a key has no blanks.", f"gateway_keys：{team.name}：密钥不能含空白。")
            )


def digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8")).hexdigest()


def render_map(hashes: Dict[str, Team]) -> str:
    """nginx's map from the hash of a key to its team; `!team` is suspended."""
    lines = ["map $yitiji_key $yitiji_team {", '    default "";']
    for value in sorted(hashes, key=lambda sha256: hashes[sha256].name):
        team = hashes[value]
        mark = "!" if team.state == "suspended" else ""
        lines.append(f'    {value} "{mark}{team.name}";')
    return "\n".join([*lines, "}", ""])


def render_page(key: str) -> str:
    """nginx's map that recognises the chat page by its key; without a key, nothing counts as the page."""
    rows = [f'    {digest(key)} "1";'] if key else []
    return "\n".join(["map $yitiji_key $yitiji_page {", '    default "";', *rows, "}", ""])


def render_engine(key: str, name: str) -> str:
    """The header with which the gateway authenticates to the engine; `name` is the secret's."""
    if not re.match(r"^[A-Za-z0-9._~+/=-]*$", key):
        raise Refusal("LLM144", name=name)
    value = f"Bearer {key}" if key else ""
    return f'proxy_set_header Authorization "{value}";\n'
