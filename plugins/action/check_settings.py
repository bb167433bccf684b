# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the settings of one role on the controller; see the module's documentation."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import preflight as acceptance
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import preflight as backup
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._compliance import preflight as compliance
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import preflight as containers
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import preflight as driver
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import preflight as engine
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import preflight as gateway
from ansible_collections.yitiji.deepseek.plugins.module_utils._monitoring import preflight as monitoring
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import firewall
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import preflight as system
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify import preflight as verify
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import preflight as webui
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed

CHECKS: Dict[str, Callable[[Mapping[str, Any]], List[Refusal]]] = {
    "acceptance": acceptance.problems,
    "backup": backup.problems,
    "clients": gateway.hand_outs,
    "compliance": compliance.problems,
    "docker": containers.docker,
    "doctor": system.doctor,
    "engine": engine.problems,
    "firewall": firewall.problems,
    "gateway": gateway.problems,
    "host_tuning": system.host_tuning,
    "isolation": system.isolation,
    "monitoring": monitoring.problems,
    "nvidia_container_toolkit": containers.toolkit,
    "nvidia_driver": driver.problems,
    "open_webui": webui.problems,
    "preflight": system.shared,
    "verify": verify.problems,
    "virtual_address": system.virtual_address,
}
CATALOG: Dict[str, Tuple[str, ...]] = {"gateway": ("routes",), "monitoring": ("alerts", "dashboards")}


class ActionModule(ActionBase):
    """One call of a role's own function; nothing is connected to."""

    _supports_check_mode = True
    _requires_connection = False

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec("check_settings"))
        host = str((task_vars or {}).get("inventory_hostname", ""))
        settings, kinds = dict(args["settings"]), CATALOG.get(args["role"])
        result.update(changed=False, rules=[])
        try:
            if kinds:
                settings["catalog"] = catalogue(args["catalog_dirs"], kinds)
            found = CHECKS[args["role"]](settings)
        except Refusal as refusal:
            found = [refusal]
        if found:
            rules = list(dict.fromkeys(refusal.rule for refusal in found))
            result.update(failed=True, rules=rules, msg="\n".join(refusal.message(host) for refusal in found))
        return result
