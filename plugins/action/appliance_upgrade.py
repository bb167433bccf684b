# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares with what serves, judges it by the catalogue, and keeps the lock; documented in the module."""

from __future__ import annotations

import getpass
import os
import socket
from typing import Any, Dict, List, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import file, nodes
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.compare import differences
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.state import complete
from ansible_collections.yitiji.deepseek.plugins.module_utils._upgrade import gate
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import BUILT_IN, version
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._locked import locked, parsed, wheels
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, framed
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._yaml import parse

Result = Dict[str, Any]


def load_breaking() -> List[Dict[str, Any]]:
    with open(os.path.join(BUILT_IN, "upgrades", "breaking.yml"), encoding="utf-8") as stream:
        found: List[Dict[str, Any]] = parse(stream.read())
    return found


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Result:
        result = super().run(tmp, task_vars)
        known, args = task_vars or {}, dict(self._task.args)
        args["by"] = f"{getpass.getuser()}@{socket.gethostname()}"
        told: Result = self._execute_module("yitiji.deepseek.appliance_upgrade", args, task_vars=task_vars)
        if told.get("failed"):
            return {**result, **told}
        if args["state"] == "judged":
            told.update(self._judged(args, told, known))
        elif args["state"] == "back":
            self._lock(str(args.get("lock") or ""), told)
        return {**result, **told}

    def _judged(self, args: Result, told: Result, known: Result) -> Result:
        """Packages that the checks did not ask for are no difference: the roles that have them come later."""
        host, before, units = str(known["inventory_hostname"]), told.pop("state"), told.pop("nodes")
        found = nodes.found([host], known["hostvars"])
        after = complete(args["plan"], version(), {name: row for name, row in found.items() if row}, {})
        breaking = gate.crossed(load_breaking(), before, after)
        try:
            gate.judge(breaking, args.get("accept") or [])
        except Refusal as refusal:
            action_fail(refusal, host)
        rows = differences({**before, "wheels": {}}, after)
        lines = [row.text() for row in rows if row.after or not row.what.startswith("nodes.")]
        if not lines and units != args["plan"]["nodes"]:
            lines = ["plan"]
        return {"differences": lines, "breaking": [row["id"] for row in breaking]}

    def _lock(self, path: str, told: Result) -> None:
        """What was locked then, with what the other nodes of the deployment have now."""
        if not path or self._task.check_mode:
            return
        deployment, state = told["plan"]["deployment"], told["state"]
        now = locked(path, deployment)
        rows = {**(now.get("nodes") or {}), **state["nodes"]}
        file.keep(path, deployment, {**state, "nodes": rows, "wheels": now.get("wheels") or wheels()}, parsed, False)
