# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a plan and its explanation on the controller. Documented in the module of the same name."""

from __future__ import annotations

import os

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, spoken
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.html import page
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.save import as_json, check_folder, save_files
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import explain
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, framed


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    @framed
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _unused, options = self.validate_argument_spec(argument_spec=argument_spec("plan_save"))
        plan, folder = options["plan"], options["save_to"]
        files = {"plan.json": as_json(plan), "plan.html": page(plan, "/".join(spoken()), options["vendor"])}
        files.update({f"plan.{language}.txt": explain(plan, language) + "\n" for language in ("zh", "en")})
        try:
            check_folder(folder)
            changed, diff = save_files(folder, files, self._task.check_mode)
        except Refusal as refusal:
            action_fail(refusal, str((task_vars or {}).get("inventory_hostname", "")))
        written = [os.path.basename(change["after_header"]) for change in diff]
        return {**result, "changed": changed, "files": written, **({"diff": diff} if self._task.diff else {})}
