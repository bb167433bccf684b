# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the variables of every role at once; see the module's documentation."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import names
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import variables as words
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import BUILT_IN
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._yaml import parse

ROLES = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, "roles")
KEYS = ("type", "elements", "choices", "options", "required", "no_log")


def load_specs(folder: str = ROLES) -> Dict[str, Any]:
    """Argument specs by role."""
    found = {}
    for role in sorted(os.listdir(folder)):
        path = os.path.join(folder, role, "meta", "argument_specs.yml")
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as stream:
                found[role] = parse(stream.read())
    return found


def load_removed() -> List[Dict[str, Any]]:
    with open(os.path.join(BUILT_IN, "upgrades", "variables.yml"), encoding="utf-8") as stream:
        found: List[Dict[str, Any]] = parse(stream.read())
    return found


def known_names(specs: Dict[str, Any], folder: str = ROLES) -> Dict[str, str]:
    """Every variable that a role takes at any entry point, and the role."""
    found: Dict[str, str] = {}
    for role in sorted(os.listdir(folder)):
        for entry in (specs.get(role) or {}).get("argument_specs", {}).values():
            found.update({name: role for name in entry.get("options") or {}})
        path = os.path.join(folder, role, "defaults", "main.yml")
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as stream:
                found.update({name: role for name in parse(stream.read()) or {} if name not in found})
    return found


class ActionModule(ActionBase):
    """Ansible's own validator, one variable at a time, with our words."""

    _supports_check_mode = True
    _requires_connection = False

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        _checked, args = self.validate_argument_spec(argument_spec("check_variables"))
        host = str(task_vars.get("inventory_hostname", ""))
        specs = load_specs()
        options = words.options_of(specs)
        wrong: List[Refusal] = []
        for name, (role, option) in sorted(options.items()):
            if name not in task_vars:
                if option.get("required") and role in args["required_of"]:
                    wrong.append(words.missing(name, role, option))
                continue
            try:
                value = self._templar.template(task_vars[name])
            except AnsibleError:
                continue  # needs facts that are not read yet: the role itself checks it
            problem = _problem(name, option, value)
            if problem:
                wrong.append(words.wrong_value(name, role, option, value, problem))
        old = words.removed(task_vars, args["required_of"], load_removed())
        wrong += old.values()
        odd = self._unknown(task_vars, specs, old)
        for row in odd:
            refusal = words.unknown_name(row)
            if row.refused and args["unknown"] == "refuse":
                wrong.append(refusal)
            else:
                Display().warning(refusal.message(host))
        found = {row.name: row.meant for row in odd}
        now = {name: refusal.values["new"] for name, refusal in old.items()}
        result.update(changed=False, checked=len(options), misspelt=found, renamed=now)
        if wrong:
            result.update(failed=True, msg="\n".join(refusal.message(host) for refusal in wrong))
        return result

    def _unknown(
        self, task_vars: Dict[str, Any], specs: Dict[str, Any], old: Dict[str, Refusal]
    ) -> List[names.Unknown]:
        given = [name for name in task_vars if name not in old]
        allowed = self._templar.template(task_vars.get("appliance_other_variables") or [])
        allowed = [str(name) for name in allowed] if isinstance(allowed, list) else []
        return names.unknown(given, known_names(specs), list(specs), allowed)


def _problem(name: str, option: Dict[str, Any], value: Any) -> str:
    spec = {key: option[key] for key in KEYS if key in option}
    errors = ArgumentSpecValidator({name: spec}).validate({name: value}).error_messages
    return "; ".join(errors)
