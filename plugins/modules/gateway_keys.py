#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gateway_keys
short_description: Keys of the teams that may use the API
version_added: 0.1.0
description:
  - Makes a key on the node for every team that has none, and tells nginx the SHA-256 of each. No key is ever returned.
  - A team that is not listed any more is refused at the next reload; its file stays until it is listed with
    C(state=absent), so that a short list by mistake loses no key.
  - Writes the header with which the gateway itself comes to the engine, from the engine's own secret.
options:
  keys:
    description:
      - The teams. Limits are nginx's part and only checked here.
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
        description: A key of one's own, for example from a vault, instead of one made here.
        type: str
      sha256:
        description: The SHA-256 of a key alone, so that the key itself is never on the node.
        type: str
      rate:
        description: Requests per minute.
        type: int
      burst:
        description: Requests above the rate that are still taken.
        type: int
      concurrency:
        description: Requests at a time.
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
  engine_secret:
    description: Name of the secret with the engine's key; an engine without one gets no header.
    type: str
    default: engine-key
    no_log: false
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
  description: Teams that were known and are refused now.
  returned: always
  type: list
  elements: str
  sample: []
"""

import os
from pathlib import Path
from typing import Any, Dict, List, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, render
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import keys as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

MODE = 0o600
NO_LIMITS = {"rate": 0, "burst": 0, "concurrency": 0}
TEAM = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": list(core.STATES), "default": "present"},
    "value": {"type": "str", "no_log": True},
    "sha256": {"type": "str"},
    "rate": {"type": "int"},
    "burst": {"type": "int"},
    "concurrency": {"type": "int"},
}


def names_in(text: str) -> Dict[str, str]:
    """Team and its hash as nginx's map states them."""
    rows = [
        line.split() for line in text.splitlines() if line.startswith("    ") and not line.startswith("    default")
    ]
    return {row[1].strip('";!'): row[0] for row in rows}


def plan(teams: List[core.Team], folder: Path) -> Tuple[Dict[str, str], List[str], Dict[str, core.Team]]:
    """Files to write (name: key), teams with a new key, and the map."""
    write: Dict[str, str] = {}
    made: List[str] = []
    hashes: Dict[str, core.Team] = {}
    for team in teams:
        if team.state == "absent":
            continue
        if team.sha256:
            hashes[team.sha256] = team
            continue
        there = secrets.read(folder / team.secret)
        value = team.value or there or secrets.make(core.KEY_LENGTH)
        if value != there or secrets.problems(folder / team.secret, MODE, 0, 0):
            write[team.secret] = value
        if value != there:
            made.append(team.name)
        hashes[core.digest(value)] = team
    return write, made, hashes


def wrong(path: str, text: str) -> bool:
    return read_text(path) != text or bool(secrets.problems(Path(path), MODE, 0, 0))


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "keys": {"type": "list", "elements": "dict", "default": [], "options": TEAM, "no_log": False},
            "directory": {"type": "path", "default": "/etc/yitiji/secrets"},
            "map": {"type": "path", "default": "/etc/nginx/yitiji/keys.conf"},
            "engine_header": {"type": "path", "default": "/etc/nginx/yitiji/engine.conf"},
            "engine_secret": {"type": "str", "default": "engine-key", "no_log": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    params: Dict[str, Any] = module.params
    folder, wanted = Path(params["directory"]), params["state"] == "present"
    try:
        rows = [{key: value for key, value in row.items() if value is not None} for row in params["keys"]]
        teams = core.parse(rows if wanted else [], NO_LIMITS)
        write, made, hashes = plan(teams, folder)
        header = core.render_engine(secrets.read(folder / params["engine_secret"]) or "")
    except Refusal as refusal:
        module.fail_json(msg=render(refusal), rule=refusal.rule)
    except ValueError as error:
        module.fail_json(msg=str(error))
    there = {path.name for path in folder.glob(core.PREFIX + "*")} if folder.is_dir() else set()
    gone = {team.secret for team in teams if team.state == "absent" or team.sha256} if wanted else there
    remove = [str(folder / name) for name in sorted(gone & there)]
    texts = {params["map"]: core.render_map(hashes), params["engine_header"]: header}
    before = names_in(read_text(params["map"]))
    after = {team.name: value for value, team in hashes.items()}
    if wanted:
        outdated = [path for path, text in texts.items() if wrong(path, text)]
    else:
        remove += [path for path in texts if Path(path).exists()]
        outdated = []
    if not module.check_mode:
        if write:
            secrets.private_folder(str(folder))
        for name, value in write.items():
            write_atomic(str(folder / name), value + "\n", MODE, 0, 0)
        for path in outdated:
            write_atomic(path, texts[path], MODE, 0, 0)
        for path in remove:
            os.unlink(path)
    module.exit_json(
        changed=bool(write or outdated or remove),
        made=made,
        revoked=sorted(set(before) - set(after)),
        diff={
            "before": "".join(f"{name}\n" for name in sorted(before)),
            "after": "".join(
                "{}{}\n".format(
                    name, ": new key" if name in made else "" if before.get(name) == after[name] else ": other key"
                )
                for name in sorted(after)
            ),
        },
    )


if __name__ == "__main__":
    main()
