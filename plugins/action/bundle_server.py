# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells bundle_server which run it serves: the server must not outlive it."""

from __future__ import annotations

import hashlib
import os
from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.server import start_of
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed

NAME = "yitiji.deepseek.bundle_server"


class ActionModule(ActionBase):
    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        run = os.getppid()  # a worker's parent is ansible-playbook itself
        word = hashlib.sha256(f"{run} {start_of(run)}".encode("ascii")).hexdigest()[:32]
        args = {**self._task.args, "run": run, "word": word}
        answer: Dict[str, Any] = self._execute_module(NAME, args, task_vars=task_vars)
        return {**result, **answer}
