# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks up on the controller what a plan will be made of. Documented in the module of the same name."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.save import check_folder
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import resolve, resolve_beside
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, deployment_failed, framed


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    @framed
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _unused, options = self.validate_argument_spec(argument_spec=argument_spec("plan_resolve"))
        try:
            if options["save_to"]:
                check_folder(options["save_to"])
        except Refusal as refusal:
            action_fail(refusal, str((task_vars or {}).get("inventory_hostname", "")))
        try:
            catalog = catalogue(options["catalog_dirs"])
            wanted = resolve(options, catalog)
            found = {name: wanted[name] for name in ("model", "revision", "engine", "gguf")}
            found["beside"] = resolve_beside(options, catalog)
        except Refusal as refusal:
            return {**result, **deployment_failed(refusal, options["deployment"], [], task_vars)}
        return {**result, "changed": False, "wanted": found}
