#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: open_webui_accounts
short_description: Manage users and groups of Open WebUI, and which group may use which model
version_added: 1.0.0
description:
  - Reads what is there through Open WebUI's interface, and does only what is missing. Users and groups that are not
    named are left alone.
  - A new user's password is made on the node and kept in a file of its own (0600); it is never returned or shown. The
    password of a user who is there is left alone.
options:
  url:
    description: Base address of Open WebUI on the node.
    type: str
    required: true
  email:
    description: Address of the administrator who does it.
    type: str
    required: true
  password_file:
    description: File with the administrator's password.
    type: path
    required: true
  users:
    description:
      - Users, each with C(email), and optionally C(name), C(role), C(groups), C(state) (C(suspended) shuts
        an account, in open sessions too, and keeps its chats).
    type: list
    elements: dict
    default: []
  groups:
    description: Groups, each with C(name), and optionally C(description), C(permissions), C(models), C(state).
    type: list
    elements: dict
    default: []
  models:
    description: Whether to keep the models to the groups that name them.
    type: bool
    default: false
  passwords:
    description: Folder of the users' first passwords.
    type: path
    default: /etc/yitiji/secrets/open-webui-users
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says what would be done; nothing, where the page does not run yet.
  diff_mode:
    support: full
    details: Shows the steps, never a password.
"""

EXAMPLES = r"""
- name: Two people and their group
  yitiji.deepseek.open_webui_accounts:
    url: http://127.0.0.1:8080
    email: admin@appliance.local
    password_file: /etc/yitiji/secrets/open-webui-admin
    groups:
      - {name: research, models: [deepseek-r1-32b], permissions: {workspace: {knowledge: true}}}
    users:
      - {email: li@example.org, name: 李, groups: [research]}
      - {email: left@example.org, state: absent}
    models: true
"""

RETURN = r"""
steps:
  description: What was done, or would be.
  returned: always
  type: list
  elements: str
  sample: [create group research, create user li@example.org name=李 role=user, add member research user=li@example.org]
suspended:
  description: Those of the suspended users who have an account.
  returned: when the page answers
  type: list
  elements: str
  sample: [li@example.org]
"""

from pathlib import Path
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import joined
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import openai as api
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify import chat
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import accounts as core


class Passwords:
    """First passwords, each in a file that is there before the account is."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def get(self, email: str) -> str:
        path = Path(self.folder, email)
        value = secrets.read(path)
        if value is None:
            value = secrets.make(20)
            secrets.private_folder(self.folder)
            write_atomic(str(path), value + "\n", 0o600, 0, 0)
        return value

    def forget(self, email: str) -> None:
        Path(self.folder, email).unlink(missing_ok=True)


def work(module: AnsibleModule, params: Dict[str, Any]) -> Dict[str, Any]:
    client = api.Client(params["url"], timeout=60)
    client.sign_in(params["email"], secrets.read(Path(params["password_file"])) or "")
    have = core.read(client, params["models"])
    steps = core.steps(params["users"], params["groups"], have, params["models"])
    if not module.check_mode:
        passwords = Passwords(params["passwords"])
        doer = core.Doer(client, have, params["groups"], passwords.get)
        for step in steps:
            doer.do(step)
            if step.verb == "delete user":
                passwords.forget(step.name)
    told = [step.told() for step in steps]
    return {
        "changed": bool(steps),
        "steps": told,
        "suspended": sorted(
            email
            for email in (row["email"].lower() for row in params["users"] if core.suspended(row))
            if email in have.users
        ),
        "diff": {"before": "", "after": "".join(line + "\n" for line in told)},
    }


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "email": {"type": "str", "required": True},
            "password_file": {"type": "path", "required": True, "no_log": False},
            "users": {"type": "list", "elements": "dict", "default": []},
            "groups": {"type": "list", "elements": "dict", "default": []},
            "models": {"type": "bool", "default": False},
            "passwords": {"type": "path", "default": "/etc/yitiji/secrets/open-webui-users", "no_log": False},
        },
        supports_check_mode=True,
    )
    params = module.params
    wrong = core.problems(params["users"], params["groups"], params["email"])
    if wrong:
        fail(module, Refusal("LLM711", why=joined(wrong)))
    try:
        module.exit_json(**work(module, params))
    except api.Unanswered as error:
        if module.check_mode and error.status == 0:
            module.exit_json(changed=bool(params["users"] or params["groups"]), steps=[])
        refusal = chat.unanswered(params["url"], error)
        fail(module, refusal)


if __name__ == "__main__":
    main()
