# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges an acceptance and writes its report. Documented in the module of the same name."""

from __future__ import annotations

import datetime
import os
from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.compare import against
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.judge import limits_of, missed
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.quality import (
    REFERENCE,
    is_lab,
    judged,
    questions_of,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.report import document, machine
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.seal import PUBLIC, read, write
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.signature import fingerprint
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue, version
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed


class ActionModule(ActionBase):
    """See the module's documentation."""

    _supports_check_mode = True
    _requires_connection = False

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, given = self.validate_argument_spec(argument_spec("acceptance_report"))
        known = catalogue(given["catalog_dirs"], ("acceptance", "profiles", "gpus"))
        plan, folder = given["plan"], os.path.expanduser(given["save_to"])
        limits, causes = limits_of(known["acceptance"], plan["profile"])
        before = read(os.path.expanduser(given["against"]), given["signer"]) if given["against"] else None
        quality = judged(
            questions_of(known["acceptance"]) if given["quality"] else [], given["quality"], limits["quality"],
            known["acceptance"].get(REFERENCE + plan["model"]["served_name"]), is_lab(plan, limits), causes,
        )  # fmt: skip
        report = document(
            plan=plan,
            profile=known["profiles"].get(plan["profile"]) or {},
            limits=limits,
            speed=given["speed"],
            function=given["function"],
            identity={
                name: machine(facts, given["nodes"].get(name) or {}, given["machines"].get(name) or {})
                for name, facts in given["facts"].items()
            },
            load=given["load"],
            made=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            collection=version(),
            causes=causes,
            parties=given["parties"],
            soak={**given["soak"], "others": given["others"]},
            machines=given["machines"],
            card=known["gpus"].get(str(plan["gpu"]), {}).get("speed") or {},
            quality=quality,
        )
        if before:
            report["against"] = against(before, report)
        result.update(changed=False, verdict=report["verdict"], missed=missed(report), files=[])
        if not self._task.check_mode:
            key = os.path.expanduser(given["signing_key"])
            result["files"] = write(folder, report, key, given["pdf_python"], given["vendor"])
            result["fingerprint"] = fingerprint(read_text(os.path.join(folder, PUBLIC)))
        return result
