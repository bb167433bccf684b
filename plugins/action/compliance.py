# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what a node answers; see the module's documentation."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._compliance.judge import OPEN, asks, findings, verdict
from ansible_collections.yitiji.deepseek.plugins.module_utils._compliance.page import page
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed


class ActionModule(ActionBase):
    """The controller's part."""

    _supports_check_mode = True

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, given = self.validate_argument_spec(argument_spec("compliance"))
        level = catalogue(given["catalog_dirs"], ("compliance",))["compliance"][given["level"]]
        words = {"level": given["level"], "commands": asks(level)}
        answer = self._execute_module("yitiji.deepseek.compliance", words, task_vars=task_vars)
        if answer.get("failed"):
            return {**result, **answer}
        host = str((task_vars or {}).get("inventory_hostname", ""))
        found = verdict(level, answer["answers"], given["settings"])
        report = {"schema": 1, "host": host, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **found}
        if given["file"] and not self._task.check_mode:
            path = os.path.abspath(given["file"])
            write_atomic(path + ".html", page(report, given["language"], given["vendor"]), 0o644)
            write_atomic(path + ".json", json.dumps(report, ensure_ascii=False, indent=1) + "\n", 0o644)
        result.update(changed=False, counts=found["counts"], findings=findings(found))
        if given["fail"] and found["counts"][OPEN]:
            refusal = Refusal("LLM890", standard=found["standard"], what="; ".join(result["findings"]))
            result.update(failed=True, msg=refusal.message(host), **refusal.brief(host))
        return result
