# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, groups and who may use which model: what is wanted, what Open WebUI has, and the steps between."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Set
from urllib.parse import quote

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import openai as api

EMAIL = re.compile(r"^[a-z0-9][a-z0-9._+-]*@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$")
ROLES = ("user", "admin", "pending")
CLOSED = "pending"  # the page answers this role nothing, in whichever session
Wanted = List[Mapping[str, Any]]


class Step(NamedTuple):
    """One call of Open WebUI's API: `verb` on the user, group or model `name`."""

    verb: str
    name: str
    detail: Dict[str, Any]

    def told(self) -> str:
        return f"{self.verb} {self.name}{_words(self.detail)}"


@dataclass
class Have:
    users: Dict[str, Dict[str, Any]] = field(default_factory=dict)  # by address
    groups: Dict[str, Dict[str, Any]] = field(default_factory=dict)  # by name
    grants: Dict[str, List[Dict[str, str]]] = field(default_factory=dict)  # by model

    def names_of(self, ids: Iterable[str]) -> Set[str]:
        return {name for name, group in self.groups.items() if group["id"] in set(ids)}


def _words(detail: Mapping[str, Any]) -> str:
    return "".join(" {}={}".format(k, ",".join(v) if isinstance(v, (list, set)) else v) for k, v in detail.items())


def present(row: Mapping[str, Any]) -> bool:
    return str(row.get("state") or "present") == "present"


def suspended(row: Mapping[str, Any]) -> bool:
    """Shut out, and nothing lost."""
    return row.get("state") == "suspended"


def problems(users: Wanted, groups: Wanted, admin: str) -> List[Text]:
    """What Open WebUI could not hold: addresses, roles and groups that do not fit together."""
    found: List[Text] = []
    emails = [str(user.get("email", "")).lower() for user in users]
    names = [str(group.get("name", "")) for group in groups]
    for email, user in zip(emails, users):
        if not EMAIL.match(email):
            found.append(Text(f"{email!r} is no e-mail address.", f"{email!r} 不是有效的邮箱地址。"))
        if emails.count(email) > 1:
            found.append(Text(f"{email} stands there twice.", f"{email} 重复。"))
        role = user.get("role") or "user"
        if role not in ROLES:
            found.append(Text(f"{email}: there is no role {role}.", f"{email}：没有角色 {role}。"))
        if email == admin.lower():
            found.append(Text(f"{email} is the role's own administrator.", f"{email} 是由角色变量管理的管理员。"))
        for group in user.get("groups") or []:
            if group not in [n for n, g in zip(names, groups) if present(g)]:
                found.append(Text(f"{email}: there is no group {group}.", f"{email}：没有用户组 {group}。"))
    for name in names:
        if not name.strip() or names.count(name) > 1:
            found.append(Text(f"the group name {name!r} is empty or there twice.", f"用户组名称 {name!r} 为空或重复。"))
    return sorted(set(found))


def differs(wanted: Any, have: Any) -> bool:
    """Whether something that is wanted is not so. What is not mentioned may be anything."""
    if isinstance(wanted, Mapping):
        return any(differs(v, have.get(k) if isinstance(have, Mapping) else None) for k, v in wanted.items())
    return bool(wanted != have)


def merged(have: Any, wanted: Any) -> Any:
    """What is there, with what is wanted laid over it."""
    if isinstance(wanted, Mapping):
        base = dict(have) if isinstance(have, Mapping) else {}
        return {**base, **{k: merged(base.get(k), v) for k, v in wanted.items()}}
    return wanted


def steps(users: Wanted, groups: Wanted, have: Have, models: bool) -> List[Step]:
    """The calls, in an order in which they are possible. Users and groups that are not named stay as they are."""
    found = [*_group_steps(groups, have), *_user_steps(users, have), *_member_steps(users, groups, have)]
    if models:
        found += _grant_steps(groups, have)
    found += [Step("delete group", str(g["name"]), {}) for g in groups if not present(g) and g["name"] in have.groups]
    return found


def _group_steps(groups: Wanted, have: Have) -> List[Step]:
    found = []
    for group in filter(present, groups):
        name = str(group["name"])
        now = have.groups.get(name)
        wanted: Dict[str, Any] = {k: group[k] for k in ("description", "permissions") if group.get(k) is not None}
        if now is None:
            found.append(Step("create group", name, wanted))
        else:
            other = {k: v for k, v in wanted.items() if differs(v, now.get(k))}
            if other:
                found.append(Step("change group", name, other))
    return found


def _user_steps(users: Wanted, have: Have) -> List[Step]:
    found = []
    for user in users:
        email = str(user["email"]).lower()
        now = have.users.get(email)
        if suspended(user):
            if now and now.get("role") != CLOSED:
                found.append(Step("change user", email, {"role": CLOSED}))
            continue
        if not present(user):
            if now:
                found.append(Step("delete user", email, {}))
            continue
        wanted = {"role": str(user.get("role") or "user")}
        if user.get("name"):
            wanted["name"] = str(user["name"])
        if now is None:
            found.append(Step("create user", email, {"name": email.split("@", maxsplit=1)[0], **wanted}))
        else:
            other = {k: v for k, v in wanted.items() if now.get(k) != v}
            if other:
                found.append(Step("change user", email, other))
    return found


def _member_steps(users: Wanted, groups: Wanted, have: Have) -> List[Step]:
    """Membership in the groups that are managed here; other groups may have been given on the page."""
    managed = {str(g["name"]) for g in groups if present(g)}
    found = []
    for user in users:
        if not present(user) or user.get("groups") is None:
            continue
        email = str(user["email"]).lower()
        wanted = set(user["groups"])
        now = have.names_of(have.users.get(email, {}).get("group_ids") or []) & managed
        found += [Step("add member", group, {"user": email}) for group in sorted(wanted - now)]
        found += [Step("remove member", group, {"user": email}) for group in sorted(now - wanted)]
    return found


def _grant_steps(groups: Wanted, have: Have) -> List[Step]:
    wanted: Dict[str, Set[str]] = {model: set() for model in have.grants}
    for group in filter(present, groups):
        for model in group.get("models") or []:
            wanted.setdefault(str(model), set()).add(str(group["name"]))
    managed = {str(g["name"]) for g in groups}
    found = []
    for model in sorted(wanted):
        readers = [g["principal_id"] for g in have.grants.get(model, []) if _is_reader(g)]
        if have.names_of(readers) & managed != wanted[model]:
            found.append(Step("open model", model, {"groups": sorted(wanted[model])}))
    return found


def _is_reader(grant: Mapping[str, str]) -> bool:
    return grant.get("principal_type") == "group" and grant.get("permission") == "read"


def read(client: api.Client, models: bool) -> Have:
    """Users, groups and, with `models`, access to models, as Open WebUI has them now."""
    have = Have()
    page, total = 1, 1
    while len(have.users) < total:
        answer = client.json(f"/api/v1/users/?page={page}")
        total = int(answer["total"])
        if not answer["users"]:
            break
        have.users.update({str(user["email"]).lower(): user for user in answer["users"]})
        page += 1
    have.groups = {str(group["name"]): group for group in client.json("/api/v1/groups/")}
    if models:
        for model in client.json("/api/v1/models/base"):
            have.grants[str(model["id"])] = list(model.get("access_grants") or [])
    return have


class Doer:
    """Performs steps; `password(address)` gives the first password of a new user."""

    def __init__(self, client: api.Client, have: Have, groups: Wanted, password: Callable[[str], str]) -> None:
        self.client, self.have, self.password = client, have, password
        self.managed = {str(g["name"]) for g in groups}

    def do(self, step: Step) -> None:
        kind, _blank, what = step.verb.partition(" ")
        getattr(self, f"_{kind}_{what}")(step)

    def _create_group(self, step: Step) -> None:
        body = {"name": step.name, "description": "", **step.detail}
        self.have.groups[step.name] = self.client.json("/api/v1/groups/create", body)

    def _change_group(self, step: Step) -> None:
        now = self.have.groups[step.name]
        body = {k: now.get(k) for k in ("name", "description", "permissions", "data", "parent_group_id")}
        self.client.json("/api/v1/groups/id/{}/update".format(now["id"]), merged(body, step.detail))

    def _delete_group(self, step: Step) -> None:
        self._delete("/api/v1/groups/id/{}/delete".format(self.have.groups[step.name]["id"]))

    def _create_user(self, step: Step) -> None:
        body = {"email": step.name, "password": self.password(step.name), **step.detail}
        self.have.users[step.name] = self.client.json("/api/v1/auths/add", body)

    def _change_user(self, step: Step) -> None:
        self.client.json("/api/v1/users/{}/update".format(self.have.users[step.name]["id"]), step.detail)

    def _delete_user(self, step: Step) -> None:
        self._delete("/api/v1/users/{}".format(self.have.users[step.name]["id"]))

    def _member(self, step: Step, verb: str) -> None:
        group, user = self.have.groups[step.name], self.have.users[step.detail["user"]]
        self.client.json("/api/v1/groups/id/{}/users/{}".format(group["id"], verb), {"user_ids": [user["id"]]})

    def _add_member(self, step: Step) -> None:
        self._member(step, "add")

    def _remove_member(self, step: Step) -> None:
        self._member(step, "remove")

    def _open_model(self, step: Step) -> None:
        managed = {self.have.groups[name]["id"] for name in self.managed if name in self.have.groups}
        kept = [
            {k: grant[k] for k in ("principal_type", "principal_id", "permission")}
            for grant in self.have.grants.get(step.name, [])
            if not (_is_reader(grant) and grant["principal_id"] in managed)
        ]
        readers = [self.have.groups[name]["id"] for name in step.detail["groups"]]
        kept += [{"principal_type": "group", "principal_id": reader, "permission": "read"} for reader in readers]
        self.client.json("/api/v1/models/model/access/update", {"id": step.name, "access_grants": kept})

    def _delete(self, path: str) -> None:
        status, text = self.client.call(quote(path), method="DELETE")
        if status != 200:
            raise api.Unanswered(f"{self.client.base}{path}: HTTP {status}: {text[:300]}", status)
