#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: open_webui_admin
short_description: Ensures that Open WebUI's administrator can sign in with the password on the node
version_added: 1.0.0
description:
  - Signs in. When the password is refused, fails with LLM706, or sets it when I(reset=true).
  - The password travels through standard input only.
options:
  url:
    description: Base address of Open WebUI on the node.
    type: str
    required: true
  container:
    description: Name of its container.
    type: str
    required: true
  email:
    description: Address of the administrator.
    type: str
    required: true
  password_file:
    description: File with the password.
    type: path
    required: true
  reset:
    description: Set the password when it is refused.
    type: bool
    default: false
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
attributes:
  check_mode:
    support: full
    details: Does nothing, as the page may not run yet.
"""

EXAMPLES = r"""
- name: The administrator signs in with the password on the node
  yitiji.deepseek.open_webui_admin:
    url: http://127.0.0.1:8080
    container: yitiji-open-webui
    email: admin@appliance.local
    password_file: /etc/yitiji/secrets/open-webui-admin
"""

RETURN = r"""
signed_in:
  description: Whether signing in was tried and worked.
  returned: always
  type: bool
  sample: true
"""

import json
from pathlib import Path
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import openai as api
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify import chat

# Runs inside the container, with its own bcrypt; the statement is one that all versions with this table understand.
SET_PASSWORD = """
import json, sqlite3, sys, bcrypt
want = json.load(sys.stdin)
hashed = bcrypt.hashpw(want["password"].encode(), bcrypt.gensalt()).decode()
with sqlite3.connect("/app/backend/data/webui.db", timeout=20) as db:
    done = db.execute("UPDATE auth SET password = ? WHERE email = ?", (hashed, want["email"])).rowcount
raise SystemExit(0 if done == 1 else "no account " + want["email"])
"""  # noqa: S105 - a program; the password comes on its standard input


def sign_in(params: Dict[str, Any], password: str) -> None:
    api.Client(params["url"], timeout=30).sign_in(params["email"], password)


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "container": {"type": "str", "required": True},
            "email": {"type": "str", "required": True},
            "password_file": {"type": "path", "required": True, "no_log": False},
            "reset": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    params = module.params
    if module.check_mode:
        module.exit_json(changed=False, signed_in=False)
    password = secrets.read(Path(params["password_file"])) or ""
    changed = False
    try:
        try:
            sign_in(params, password)
        except api.Unanswered as error:
            if not (params["reset"] and api.wrong_password(error)):
                raise
            given = json.dumps({"email": params["email"], "password": password})
            command = ["docker", "exec", "--interactive", params["container"], "python3", "-c", SET_PASSWORD]
            done = run(command, 60, stdin=given)
            if done.returncode != 0:
                fail(module, Refusal("LLM731", said=done.stderr.strip()[-300:]))
            changed = True
            sign_in(params, password)
    except api.Unanswered as error:
        refusal = chat.unanswered(params["url"], error)
        fail(module, refusal)
    module.exit_json(changed=changed, signed_in=True)


if __name__ == "__main__":
    main()
