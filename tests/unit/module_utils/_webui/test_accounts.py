# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and groups: only what is missing is done, and what nobody named is left alone."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import accounts as core

ADMIN = "admin@appliance.local"


GROUPS = [
    {"name": "research", "models": ["r1"], "permissions": {"workspace": {"knowledge": True}}},
    {"name": "guests"},
]


USERS = [
    {"email": "Li@example.org", "name": "李", "groups": ["research"]},
    {"email": "boss@example.org", "role": "admin"},
]


class Page:
    """Stands in for Open WebUI's interface, with its paging of users."""

    base = "http://page"

    def __init__(self) -> None:
        self.users = [{"id": "u0", "email": ADMIN, "name": "admin", "role": "admin", "group_ids": []}]
        self.groups: list[dict] = []
        self.models: dict[str, list[dict]] = {}
        self.calls: list[str] = []
        self.passwords: dict[str, str] = {}

    def group(self, path: str) -> dict:
        return next(g for g in self.groups if f"/{g['id']}/" in path)

    def json(self, path: str, body: dict | None = None):
        if body is not None:
            self.calls.append(path)
        if path.startswith("/api/v1/users/?page="):
            page = int(path.rpartition("=")[2])
            return {"users": self.users[(page - 1) * 2 : page * 2], "total": len(self.users)}
        if path == "/api/v1/groups/":
            return self.groups
        if path == "/api/v1/models/base":
            return [{"id": m, "access_grants": g} for m, g in self.models.items()]
        if path == "/api/v1/groups/create":
            self.groups.append({"id": f"g{len(self.calls)}", **body})
            return self.groups[-1]
        if path == "/api/v1/auths/add":
            self.passwords[body["email"]] = body.pop("password")
            self.users.append({"id": f"u{len(self.calls)}", "group_ids": [], **body})
            return self.users[-1]
        if path.endswith(("/users/add", "/users/remove")):
            group = self.group(path)["id"]
            for user in [u for u in self.users if u["id"] in body["user_ids"]]:
                user["group_ids"] = sorted(
                    {*user["group_ids"], group} - ({group} if path.endswith("remove") else set())
                )
        elif path.startswith("/api/v1/groups/id/"):
            self.group(path).update(body)
        elif path.startswith("/api/v1/users/"):
            next(u for u in self.users if f"/{u['id']}/" in path).update(body)
        elif path == "/api/v1/models/model/access/update":
            self.models[body["id"]] = body["access_grants"]
        return body

    def call(self, path: str, body=None, method=None):
        self.calls.append(f"{method} {path}")
        self.users = [u for u in self.users if not path.endswith(u["id"])]
        self.groups = [g for g in self.groups if f"/{g['id']}/" not in path]
        return 200, "true"


def run(page: Page, users, groups, models=True) -> list[str]:
    have = core.read(page, models)
    steps = core.steps(users, groups, have, models)
    doer = core.Doer(page, have, groups, lambda email: f"password of {email}")
    for step in steps:
        doer.do(step)
    return [step.told() for step in steps]


def test_all_is_made_and_the_second_run_does_nothing():
    page = Page()
    assert run(page, USERS, GROUPS) == [
        "create group research permissions={'workspace': {'knowledge': True}}",
        "create group guests",
        "create user li@example.org name=李 role=user",
        "create user boss@example.org name=boss role=admin",
        "add member research user=li@example.org",
        "open model r1 groups=research",
    ]
    assert page.passwords["li@example.org"] == "password of li@example.org"
    calls = len(page.calls)
    assert run(page, USERS, GROUPS) == []
    assert len(page.calls) == calls


def test_only_the_difference_is_changed():
    page = Page()
    run(page, USERS, GROUPS)
    page.groups[0]["permissions"]["chat"] = {"delete": False}  # set by somebody on the page
    users = [{**USERS[0], "role": "admin", "groups": ["guests"]}, USERS[1]]
    groups = [{**GROUPS[0], "permissions": {"workspace": {"knowledge": False}}, "models": []}, GROUPS[1]]
    assert run(page, users, groups) == [
        "change group research permissions={'workspace': {'knowledge': False}}",
        "change user li@example.org role=admin",
        "add member guests user=li@example.org",
        "remove member research user=li@example.org",
        "open model r1 groups=",
    ]
    assert page.groups[0]["permissions"] == {"chat": {"delete": False}, "workspace": {"knowledge": False}}
    assert page.models["r1"] == []
    assert run(page, users, groups) == []


def test_absent_is_removed_and_others_stay():
    page = Page()
    run(page, USERS, GROUPS)
    page.users.append({"id": "u99", "email": "other@example.org", "name": "o", "role": "user", "group_ids": []})
    gone = [{**user, "state": "absent"} for user in USERS]
    assert run(page, gone, [{"name": "research", "state": "absent"}])[:2] == [
        "delete user li@example.org",
        "delete user boss@example.org",
    ]
    assert [u["email"] for u in page.users] == [ADMIN, "other@example.org"]
    assert [g["name"] for g in page.groups] == ["guests"]


def test_suspended_is_shut_and_nothing_is_lost():
    page = Page()
    run(page, USERS, GROUPS)
    shut = [{"email": "LI@example.org", "state": "suspended"}, {"email": "nobody@example.org", "state": "suspended"}]
    assert run(page, shut, [], models=False) == ["change user li@example.org role=pending"]
    assert run(page, shut, [], models=False) == []
    assert page.users[1]["group_ids"] and run(page, USERS, GROUPS) == ["change user li@example.org role=user"]


def test_grants_of_others_stay():
    page = Page()
    page.groups.append({"id": "gx", "name": "by-hand"})
    own = {"principal_type": "user", "principal_id": "u7", "permission": "read"}
    hand = {"principal_type": "group", "principal_id": "gx", "permission": "read"}
    page.models["r1"] = [own, hand]
    run(page, [], GROUPS)
    assert own in page.models["r1"] and hand in page.models["r1"] and len(page.models["r1"]) == 3


def test_models_are_left_alone_when_all_may_use_them():
    page = Page()
    run(page, USERS, GROUPS, models=False)
    assert page.models == {}


def test_users_of_many_pages_are_found():
    page = Page()
    page.users += [
        {"id": f"x{i}", "email": f"p{i}@x.org", "name": f"p{i}", "role": "user", "group_ids": []} for i in range(7)
    ]
    assert run(page, [{"email": "p6@x.org"}], []) == []


def test_problems():
    def told(users, groups=()):
        return " ".join(text.en for text in core.problems(list(users), list(groups), ADMIN))

    assert told(USERS, GROUPS) == ""
    assert "no e-mail" in told([{"email": "x"}])
    assert "twice" in told([{"email": "a@b.c"}, {"email": "A@b.c"}])
    assert "no role king" in told([{"email": "a@b.c", "role": "king"}])
    assert "no group none" in told([{"email": "a@b.c", "groups": ["none"]}])
    assert "no group guests" in told(
        [{"email": "a@b.c", "groups": ["guests"]}], [{"name": "guests", "state": "absent"}]
    )
    assert "own administrator" in told([{"email": ADMIN.upper()}])
    assert "twice" in told([], [{"name": "a"}, {"name": "a"}])
