# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts our words beside the failures of modules that are not ours."""

from __future__ import annotations

DOCUMENTATION = r"""
name: explained
type: notification
short_description: Says in the reader's language what failed and what to look at
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Modules of this collection refuse in the language of C(appliance_language). Those of others (units, packages,
    commands, files) and a connection that breaks during a run fail in Ansible's words alone; this adds what was being
    done, the line that decides, and what to look at (LLM196, LLM107).
  - It also hands that language to actions and filters, which otherwise speak both.
  - Enabled in the ansible.cfg of the collection's checkout. From an installed collection, set
    C(callbacks_enabled = yitiji.deepseek.explained).
requirements:
  - enabled in C(callbacks_enabled)
"""

import getpass
import os
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.yitiji.deepseek.plugins.filter.plan import reader_language
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import BOTH, LANGUAGE
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.reach import unreachable
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.failures import OURS, explained


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "yitiji.deepseek.explained"
    CALLBACK_NEEDS_ENABLED = True

    # What this process is told, the processes of tasks inherit: their actions and filters speak the same language.
    def v2_playbook_on_play_start(self, play: Any) -> None:
        manager = play.get_variable_manager()
        host = next(iter(manager._inventory.get_hosts(play.hosts)), None)
        asked = str(manager.get_vars(play=play, host=host).get("appliance_language"))
        locale = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
        os.environ[LANGUAGE] = asked if asked in (*BOTH, "both") else reader_language(locale)

    # Name and parameters are Ansible's. With ignore_errors the task's author, perhaps of another collection, expects
    # the failure: our words would send the reader after something that is not wrong.
    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if ignore_errors or _rescued(_of(result, "task")):
            return
        task = _of(result, "task")
        answer = _of(result, "result")
        step, action = answer.get("step") or task.get_name(), answer.get("step_action") or task.action
        refusal = explained(str(step), str(action), task.args or {}, answer)
        if refusal:
            self._display.display(refusal.message(_of(result, "host").get_name()), color="yellow")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        said = str(_of(result, "result").get("msg") or "")
        if OURS.search(said):
            return
        host = _of(result, "host")
        known = host.get_vars()
        address = str(known.get("ansible_host") or host.get_name())
        user = str(known.get("ansible_user") or getpass.getuser())
        refusal = unreachable(address, known.get("ansible_port"), user, said)
        self._display.display(refusal.message(host.get_name()), color="yellow")


def _of(result: Any, name: str) -> Any:
    """An attribute that newer releases of Ansible call otherwise."""
    found = getattr(result, name, None)
    return getattr(result, "_" + name) if found is None else found


def _rescued(task: Any) -> bool:
    """Whether a block around the step goes on after its failure."""
    block = getattr(task, "_parent", None)
    while block is not None:
        if getattr(block, "rescue", None):
            return True
        block = getattr(block, "_parent", None)
    return False
