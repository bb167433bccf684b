# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what a run does as one line of JSON per event, for the program that shows it on the console."""

from __future__ import annotations

DOCUMENTATION = r"""
name: first_boot
type: stdout
short_description: One line of JSON for each task, failure and end of a run
version_added: 1.0.0
author: yitiji.deepseek engineers (@yitiji)
description:
  - Read by the first boot of an appliance. What a task says that must not be shown is not shown here either.
requirements:
  - set as stdout callback
"""

import json
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import action_loader, filter_loader


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "yitiji.deepseek.first_boot"

    def _say(self, **event: Any) -> None:
        print(json.dumps(event, ensure_ascii=False), flush=True)

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Every task is a process of its own that begins as this one stands: what is read now is not read for each."""
        list(action_loader.all(class_only=True))
        filter_loader.get("yitiji.deepseek.plan_nodes")  # one of a collection's filters brings them all
        for path in sorted(Path(__file__).parents[1].glob("action/*.py")):
            action_loader.get(f"yitiji.deepseek.{path.stem}", class_only=True)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._say(event="play", name=play.get_name())

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._say(event="task", name=task.get_name())

    def _failed(self, result: Any) -> None:
        said = self._clean(result)
        where = getattr(result, "host", None) or result._host
        self._say(event="failed", host=where.get_name(), text=said)

    def _clean(self, result: Any) -> str:
        answer = getattr(result, "result", None) or result._result
        if answer.get("_ansible_no_log") or answer.get("censored"):
            return "(hidden)"
        parts = [str(answer.get("msg") or "")]
        parts += [str(item["msg"]) for item in answer.get("results") or [] if item.get("failed") and item.get("msg")]
        parts += [str(answer[key])[-1000:] for key in ("stderr", "module_stderr") if answer.get(key)]
        return "\n".join(part for part in parts if part)

    # Name and parameters are Ansible's. ignore_errors says that the task's author expects the failure and goes on:
    # on the console it would stand as what is wrong with the appliance.
    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            self._failed(result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._failed(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        self._say(event="stats", changed=sum(h["changed"] for h in hosts.values()),
                  failed=sum(h["failures"] + h["unreachable"] for h in hosts.values()))  # fmt: skip
