#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gateway_keys
short_description: Manage the keys of the teams that may use the API
version_added: 1.0.0
description:
  - Makes a key on the node for every team that has none, and tells nginx the SHA-256 of each. No key is ever returned.
  - A team that is not listed any more is refused at the next reload; its file stays until it is listed with
    C(state=absent), so that no key is lost if a team is left out by mistake.
  - Writes the header with which the gateway authenticates to the engine, from the engine's own secret, and how nginx
    knows the chat page.
options:
  keys:
    description:
      - The teams. Their limits are enforced by nginx and only checked here.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the team.
        type: str
        required: true
      state:
        description: V(suspended) keeps the key and refuses it, V(absent) removes it.
        type: str
        choices: [present, suspended, absent]
        default: present
      value:
        description: A key of your own, for example from a vault, instead of one made here.
        type: str
      sha256:
        description: The SHA-256 of a key, so that the key itself is never on the node.
        type: str
      rate:
        description: Requests per minute.
        type: int
      burst:
        description: Requests above the rate that are still accepted.
        type: int
      concurrency:
        description: Requests at a time.
        type: int
      weight:
        description: Its part of the requests at a time, beside the other teams'.
        type: int
  directory:
    description: Folder of the secrets.
    type: path
    default: /etc/yitiji/secrets
  map:
    description: nginx's map from hash to team.
    type: path
    default: /etc/nginx/yitiji/keys.conf
  engine_header:
    description: nginx's line with the engine's key.
    type: path
    default: /etc/nginx/yitiji/engine.conf
  page_map:
    description: nginx's map of the key that the chat page brings.
    type: path
    default: /etc/nginx/yitiji/page.conf
  page_secret:
    description: Name of the secret with the page's key. Without that secret, the page is known by the engine's key.
    type: str
    default: page-key
  device:
    description:
      - The secret with which nginx signs what a browser is remembered by, as nginx's JavaScript reads it.
    type: path
    default: /etc/nginx/yitiji/device.js
  engine_secret:
    description: Name of the secret with the engine's key; an engine without one gets no header.
    type: str
    default: engine-key
  state:
    description: V(absent) removes all keys and both files.
    type: str
    choices: [present, absent]
    default: present
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says whose keys would be made or removed.
  diff_mode:
    support: full
    details: Shows names and states, never a key or its hash.
"""

EXAMPLES = r"""
- name: Two teams
  yitiji.deepseek.gateway_keys:
    keys:
      - name: research
      - name: guests
        state: suspended
"""

RETURN = r"""
made:
  description: Teams whose key is new.
  returned: always
  type: list
  elements: str
  sample: [research]
revoked:
  description: Teams whose key was valid and is refused now.
  returned: always
  type: list
  elements: str
  sample: []
"""

from pathlib import Path
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import key_files
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.keys import STATES

TEAM = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": list(STATES), "default": "present"},
    "value": {"type": "str", "no_log": True},
    "sha256": {"type": "str"},
    "rate": {"type": "int"},
    "burst": {"type": "int"},
    "concurrency": {"type": "int"},
    "weight": {"type": "int"},
}


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "keys": {"type": "list", "elements": "dict", "default": [], "options": TEAM, "no_log": False},
            "directory": {"type": "path", "default": "/etc/yitiji/secrets"},
            "map": {"type": "path", "default": "/etc/nginx/yitiji/keys.conf"},
            "engine_header": {"type": "path", "default": "/etc/nginx/yitiji/engine.conf"},
            "engine_secret": {"type": "str", "default": "engine-key", "no_log": False},
            "page_map": {"type": "path", "default": "/etc/nginx/yitiji/page.conf"},
            "page_secret": {"type": "str", "default": "page-key", "no_log": False},
            "device": {"type": "path", "default": "/etc/nginx/yitiji/device.js"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    params: Dict[str, Any] = module.params
    places = key_files.Places(
        Path(params["directory"]),
        params["map"],
        params["engine_header"],
        params["engine_secret"],
        params["page_map"],
        params["page_secret"],
        params["device"],
    )
    try:
        change = key_files.change(params["keys"], params["state"] == "present", places)
    except Refusal as refusal:
        fail(module, refusal)
    if not module.check_mode:
        key_files.apply(change, places)
    module.exit_json(changed=change.needed, made=change.made, revoked=change.revoked, diff=change.diff())


if __name__ == "__main__":
    main()
