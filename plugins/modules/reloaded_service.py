#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reloaded_service
short_description: Reloads a running service when its files change
version_added: 1.0.0
description:
  - Starts and enables a service, and reloads it when its files differ from those of the last reload. If a run died
    between writing and reloading, the next run reloads it.
  - The configuration is tested before anything is started or reloaded.
options:
  name:
    description: Name of the unit without C(.service).
    type: str
    required: true
  inputs:
    description: The files it reads.
    type: list
    elements: path
    required: true
  test:
    description: Command that must succeed first.
    type: list
    elements: str
    default: []
  record:
    description: Where the digest of the loaded files is kept; gone after a boot, as the service starts anew then.
    type: path
    default: /run/yitiji-reloaded
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
attributes:
  check_mode:
    support: full
    details: Says what would be done.
"""

EXAMPLES = r"""
- name: Load the site
  yitiji.deepseek.reloaded_service:
    name: nginx
    inputs: [/etc/nginx/conf.d/site.conf, /etc/yitiji/tls/server.crt]
    test: [nginx, -t, -q]
"""

RETURN = r"""
actions:
  description: What was done, or would be.
  returned: always
  type: list
  elements: str
  sample: [reload]
"""

import os
from typing import List, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import systemd as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic


def ask(words: List[str]) -> Tuple[int, str]:
    done = run(words, 60)
    return done.returncode, done.stdout


def obey(name: str, test: List[str], actions: List[str]) -> None:
    """Ask the service's own test first, so that a wrong configuration never replaces the one that runs."""
    done = run(test, 90) if test else None
    if done is not None and done.returncode != 0:
        raise Refusal("LLM143", name=name, command=" ".join(test), said=done.stderr.strip() or done.returncode)
    for verb in actions:
        done = run(["systemctl", "--quiet", verb, name], 90)
        if done.returncode != 0:
            raise Refusal("LLM142", unit=name, verb=verb, said=done.stderr.strip() or done.returncode)


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "inputs": {"type": "list", "elements": "path", "required": True},
            "test": {"type": "list", "elements": "str", "default": []},
            "record": {"type": "path", "default": "/run/yitiji-reloaded"},
        },
        supports_check_mode=True,
    )
    name = module.params["name"]
    record = os.path.join(module.params["record"], name)
    wanted, loaded = core.digest(module.params["inputs"]), read_text(record).strip()
    state = core.read_state(ask, name)
    # Without a note it is not known what was loaded: a reload then makes sure, and is no change.
    actions = core.reload_actions(state, loaded, wanted)
    if not module.check_mode and actions:
        try:
            obey(name, module.params["test"], actions)
        except Refusal as refusal:
            fail(module, refusal, actions=actions)
        write_atomic(record, wanted + "\n", 0o600)
    changed = any(verb != "reload" for verb in actions) or bool(loaded and actions)
    module.exit_json(changed=changed, actions=actions)


if __name__ == "__main__":
    main()
