# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a scanner of the controller look at an offline bundle. Documented in the module of the same name."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.scan import judged, scan
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed


class ActionModule(ActionBase):
    _supports_check_mode = True
    _requires_connection = False

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec("bundle_scan"))
        folder = os.path.abspath(os.path.expanduser(args["path"]))
        file = folder + ".vulnerabilities.json"
        found = scan(folder, os.path.expanduser(args["database"] or ""), args["timeout"])
        report = judged(found, args["accepted"], args["limit"], file)
        text = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
        changed = read_text(file) != text
        if changed and not self._task.check_mode:
            write_atomic(file, text, 0o644)
        if report["over"]:
            raise Refusal("LLM935", count=report["over"], limit=args["limit"], report=file, evidence=report["lines"])
        return {**result, "changed": changed, "report": file, **report}
