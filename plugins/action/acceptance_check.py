# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges an acceptance report that somebody hands in. Documented in the module of the same name."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.compare import against
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.form import Comparison
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.report import machine, other_machines
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.seal import compared, read
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.words import LANGUAGES
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.signature import fingerprint
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed


class ActionModule(ActionBase):
    """See the module's documentation."""

    _supports_check_mode = True
    _requires_connection = False

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, given = self.validate_argument_spec(argument_spec("acceptance_check"))
        folder = os.path.expanduser(given["path"])
        report = read(folder, given["signer"])
        now = {name: machine(facts, given["nodes"].get(name) or {}) for name, facts in given["facts"].items()}
        others = other_machines(report, now) if now else []
        if others:
            raise Refusal("LLM855", path=folder, hosts=others)
        before = read(os.path.expanduser(given["against"]), given["signer"]) if given["against"] else None
        result.update(
            changed=False,
            verdict=report["verdict"],
            made=report["made"],
            fingerprint=fingerprint(given["signer"]),
            changes=[],
        )
        if before:
            report["against"] = against(before, report)
            result["changes"] = report["against"]["rows"]
            lines = [Comparison(report, language).lines() for language in LANGUAGES]
            result["told"] = [dict(zip(LANGUAGES, line)) for line in zip(*lines)]
            if given["save_to"] and not self._task.check_mode:
                result["pages"] = compared(os.path.expanduser(given["save_to"]), report)
        return result
