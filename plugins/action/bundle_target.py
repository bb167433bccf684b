# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a node that is not there yet, from the target that a bundle is made for."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.systems import System
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import target_name
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.use import pretended
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.work import check_manager, target_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.distributions import (
    KIND,
    find,
    resolved,
    targets,
)
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import failed, framed

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


class ActionModule(ActionBase):
    _supports_check_mode = True
    _requires_connection = False

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        host = str((task_vars or {}).get("inventory_hostname", ""))
        _checked, args = self.validate_argument_spec(argument_spec("bundle_target"))
        try:
            known = catalogue(args["catalog_dirs"], ("gpus", KIND))
            entries = resolved(known[KIND])
            target = target_of(args["target"], targets(entries))
            machine = MACHINES.get(target["architecture"], target["architecture"])
            system = System(target["distribution"], str(target["version"]), architecture=machine)
            distribution = find(entries, system, args["like"])
            check_manager(target, distribution["manager"], targets(entries))
        except Refusal as refusal:
            return {**result, **failed(refusal, host)}
        names = {"debian": "Debian", "ubuntu": "Ubuntu"}
        facts = {
            "distribution": names.get(target["distribution"], target["distribution"]),
            "distribution_version": target["version"],
            "distribution_major_version": str(target["version"]).split(".", maxsplit=1)[0],
            "distribution_release": target["release"],
            "os_family": "RedHat" if distribution["manager"] == "dnf" else "Debian",
            "architecture": machine,
        }
        node = pretended(target, args["hardware"], known["gpus"])
        kernel = distribution.get("bundle", {}).get("kernel", "").format(architecture=target["architecture"])
        told = {"ansible_facts": facts, "node": node, "distribution": distribution, "kernel": kernel}
        told["name"] = target_name(target)
        return {**result, "changed": False, **told}
