#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: managed_unit
short_description: Installs a systemd unit and keeps the running service in step with its files
version_added: 1.0.0
description:
  - Writes the unit, enables it, starts it, and restarts it only if the running instance was started from other inputs
    than the present ones. If a run died between writing and restarting, the next run restarts it.
  - The unit must record its inputs when it starts; the filter P(yitiji.deepseek.unit_note#filter) makes that line.
options:
  name:
    description: Name of the unit without C(.service).
    type: str
    required: true
  content:
    description: Text of the unit. Required unless I(state=absent).
    type: str
  inputs:
    description: Further files the service is started from; a change of one restarts it.
    type: list
    elements: path
    default: []
  started:
    description: Whether it runs. A unit that is only called by others is installed with V(false).
    type: bool
    default: true
  enabled:
    description: Whether it starts at boot.
    type: bool
    default: true
  restart:
    description:
      - Whether a unit that runs from other inputs is restarted now.
      - With V(false) the answer only says that it has to be.
    type: bool
    default: true
  state:
    description: V(absent) stops, disables and removes it.
    type: str
    choices: [present, absent]
    default: present
  timeout:
    description: Seconds for each call of systemctl.
    type: int
    default: 180
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says what would be written, started or restarted, and why.
  diff_mode:
    support: full
    details: Shows the unit before and after.
"""

EXAMPLES = r"""
- name: Run the engine
  yitiji.deepseek.managed_unit:
    name: yitiji-vllm
    content: "{{ lookup('ansible.builtin.template', 'vllm.service.j2') }}"
    inputs: [/etc/yitiji/secrets/vllm.env]
"""

RETURN = r"""
actions:
  description: What was done, or would be, with the reasons.
  returned: always
  type: dict
  sample: {reload: [the unit changed], restart: [the unit changed]}
"""

from pathlib import Path
from typing import Dict, List, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import systemd as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic


class Unit:
    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.name = module.params["name"]
        self.path = core.unit_path(self.name)
        self.before = read_text(self.path)

    def ask(self, words: List[str]) -> Tuple[int, str]:
        done = run(words, self.module.params["timeout"])
        return done.returncode, done.stdout

    def systemctl(self, *words: str) -> None:
        done = run(["systemctl", *words], self.module.params["timeout"])
        if done.returncode != 0:
            said, log = done.stderr.strip() or done.returncode, core.read_log(self.ask, self.name, 20)
            fail(self.module, Refusal("LLM142", unit=self.name, verb=words[0], said=said, evidence=log), log=log)

    def present(self) -> Dict[str, List[str]]:
        params = self.module.params
        written = self.before != params["content"]
        state = core.read_state(self.ask, self.name)
        started = core.started_from(self.name)
        # In check mode the new unit is not there to be digested; a written unit restarts anyway.
        wanted = core.digest([self.path, *params["inputs"]])
        todo = core.reasons(state, params["enabled"], started, wanted, written)
        if not params["started"]:
            todo.pop("start", None)
            todo.pop("restart", None)
        if self.module.check_mode:
            return todo
        if written:
            write_atomic(self.path, params["content"], 0o644)
            self.systemctl("daemon-reload")
        if "enable" in todo:
            self.systemctl("enable", "--quiet", self.name)
        for verb in ("start", "restart"):
            if verb in todo and (verb == "start" or params["restart"]):
                self.systemctl("reset-failed", self.name)
                self.systemctl(verb, self.name)
        return todo

    def absent(self) -> Dict[str, List[str]]:
        state = core.read_state(self.ask, self.name)
        if not state.loaded and not self.before:
            return {}
        if not self.module.check_mode:
            self.systemctl("disable", "--now", "--quiet", self.name)
            Path(self.path).unlink(missing_ok=True)
            self.systemctl("daemon-reload")
            run(["systemctl", "reset-failed", self.name], 30)
        return {"remove": ["state is absent"]}


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "content": {"type": "str"},
            "inputs": {"type": "list", "elements": "path", "default": []},
            "started": {"type": "bool", "default": True},
            "restart": {"type": "bool", "default": True},
            "enabled": {"type": "bool", "default": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "timeout": {"type": "int", "default": 180},
        },
        supports_check_mode=True,
        required_if=[("state", "present", ["content"])],
    )
    present = module.params["state"] == "present"
    unit = Unit(module)
    actions = unit.present() if present else unit.absent()
    after = module.params["content"] if present else ""
    module.exit_json(
        changed=bool(actions),
        actions=actions,
        diff={
            "before": unit.before if unit.before != after else "",
            "after": after if unit.before != after else "",
            "before_header": unit.path,
            "after_header": unit.path,
        },
    )


if __name__ == "__main__":
    main()
