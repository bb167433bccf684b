# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries the connection and Python of a node; see the module's documentation."""

from __future__ import annotations

import getpass
from typing import Any, Dict, Optional

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.reach import unreachable
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts import basics
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import failed, framed


def refused(task_vars: Dict[str, Any], remote_user: Optional[str], said: str) -> Refusal:
    """For what the connection to a host said."""
    host = str(task_vars.get("inventory_hostname", ""))
    address = str(task_vars.get("ansible_host") or host)
    user = str(task_vars.get("ansible_user") or remote_user or getpass.getuser())
    return unreachable(address, task_vars.get("ansible_port"), user, said)


def said_by(answer: Dict[str, Any]) -> str:
    """What a module that did not get to run left behind."""
    return "\n".join(str(answer.get(key) or "") for key in ("module_stdout", "module_stderr", "msg"))


class ActionModule(ActionBase):
    """A failure in place of `unreachable`, so that any_errors_fatal stops every host before a change."""

    _supports_check_mode = True

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        try:
            answer = self._execute_module(module_name="ansible.builtin.ping", module_args={}, task_vars=task_vars)
            said = "" if answer.get("ping") == "pong" else said_by(answer)
            why = self._python(answer, said, task_vars)
            if not said and not why:
                # with the Python that was found, which the next task would look for again
                return {**result, "changed": False, "ansible_facts": answer.get("ansible_facts") or {}}
        except AnsibleError as error:
            said, why = str(error), None
        why = why or refused(task_vars, self._play_context.remote_user, said)
        return {**result, "changed": False, **failed(why, str(task_vars.get("inventory_hostname", "")))}

    def _python(self, answer: Dict[str, Any], said: str, task_vars: Dict[str, Any]) -> Optional[Refusal]:
        """What is wrong with the node's Python; asked without it, as modules that it can't read say nothing useful."""
        if said and not basics.of_python(said):
            return None
        found = basics.parse(str(self._low_level_execute_command(basics.SCRIPT).get("stdout") or ""))
        used = (answer.get("ansible_facts") or {}).get("discovered_interpreter_python")
        return basics.python_trouble(found, str(task_vars.get("ansible_python_interpreter") or used or ""), said)
