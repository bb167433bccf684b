# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the driver of a node on the controller. Documented in the module of the same name."""

from __future__ import annotations

import time
from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, noticed
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.distributions import KIND, resolved
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import plan as core
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import failed, framed


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _unused, options = self.validate_argument_spec(argument_spec=argument_spec("nvidia_driver_plan"))
        host = str((task_vars or {}).get("inventory_hostname", ""))
        wishes = {key: options[key] for key in core.WISHES if key in options}
        wishes.update(ignore=[rule.get("id") for rule in options["ignore"]], today=time.strftime("%Y-%m-%d"))
        try:
            known = catalogue(options["catalog_dirs"], ("drivers", KIND))
            catalog = {**known["drivers"], "systems": resolved(known[KIND])}
            plan = core.make_plan(core.merge_facts(options["node"], options["facts"]), catalog, wishes)
        except Refusal as refusal:
            return {**result, **failed(refusal, host)}
        for warning in plan["warnings"]:
            self._display.warning(noticed(warning, host))
        return {**result, "changed": False, "plan": plan}
