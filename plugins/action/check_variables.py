# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the variables of every role at once; see the module's documentation."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional

import yaml
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import variables as words
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed

ROLES = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, "roles")
KEYS = ("type", "elements", "choices", "options", "required", "no_log")


def load_specs(folder: str = ROLES) -> Dict[str, Any]:
    """Argument specs by role."""
    found = {}
    for role in sorted(os.listdir(folder)):
        path = os.path.join(folder, role, "meta", "argument_specs.yml")
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as stream:
                found[role] = yaml.safe_load(stream)
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
        options = words.options_of(load_specs())
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
        old = words.renamed(task_vars, args["required_of"])
        wrong += [Refusal("LLM123", old=name, new=successor) for name, successor in old.items()]
        odd = words.misspelt(task_vars, options)
        for name, right in odd.items():
            Display().warning(Refusal("LLM122", name=name, right=right).message(host))
        result.update(changed=False, checked=len(options), misspelt=odd, renamed=old)
        if wrong:
            result.update(failed=True, msg="\n".join(refusal.message(host) for refusal in wrong))
        return result


def _problem(name: str, option: Dict[str, Any], value: Any) -> str:
    spec = {key: option[key] for key in KEYS if key in option}
    errors = ArgumentSpecValidator({name: spec}).validate({name: value}).error_messages
    return "; ".join(errors)
