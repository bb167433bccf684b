# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares with what serves, judges it by the catalogue, and keeps the lock; documented in the module."""

from __future__ import annotations

import getpass
import os
import socket
from typing import Any, Dict, List, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, one
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import file, nodes
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.compare import differences
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.state import complete
from ansible_collections.yitiji.deepseek.plugins.module_utils._upgrade import gate, target
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import BUILT_IN, version
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._locked import locked, parsed, wheels
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, framed
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._yaml import parse

Result = Dict[str, Any]
TARGET = "yitiji_upgrade_target"
UNREACHED = {
    "en": "{0} can't be reached; run yitiji.deepseek.rollback when it is back",
    "zh": "无法连接 {0}；恢复后请运行 yitiji.deepseek.rollback",
}


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
        if args["state"] == "back":
            args.update(self._together(known), failed=args.get("failed") or {"msg": self._why(known)})
        told: Result = self._execute_module("yitiji.deepseek.appliance_upgrade", args, task_vars=task_vars)
        if told.get("failed"):
            return {**result, **told}
        if args["state"] == "judged":
            told.update(self._judged(args, told, known))
        elif args["state"] == "target":
            told["ansible_facts"] = {TARGET: told["target"]}
        elif args["state"] == "back":
            self._lock(str(args.get("lock") or ""), told)
        return {**result, **told}

    def _together(self, known: Result) -> Result:
        """Where this node must arrive, of what the nodes of this run told."""
        own, hosts = str(known["inventory_hostname"]), known.get("ansible_play_hosts") or []
        told = {name: (known["hostvars"][name].get("ansible_facts") or {}).get(TARGET) for name in hosts}
        found = {name: row for name, row in told.items() if row}
        return {"node": own, "wanted": target.common(found, own) if own in found else {}}

    def _why(self, known: Result) -> str:
        """What went wrong elsewhere: a node that can't be reached says nothing itself."""
        everyone, left = known.get("ansible_play_hosts_all") or [], known.get("ansible_play_hosts") or []
        said = {name: (known["hostvars"][name].get("ansible_failed_result") or {}).get("msg") for name in left}
        lost = [one(UNREACHED).format(name) for name in everyone if name not in left]
        return "; ".join([*(f"{name}: {msg}" for name, msg in said.items() if msg), *lost])

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
        driver = self._driver(args, host)
        rows = differences({**before, "wheels": {}}, after)
        lines = [row.text() for row in rows if row.after or not row.what.startswith("nodes.")]
        lines += driver
        if not lines and units != args["plan"]["nodes"]:
            lines = ["plan"]
        return {"differences": lines, "breaking": [row["id"] for row in breaking]}

    def _driver(self, args: Result, host: str) -> List[str]:
        """The line of another driver; one in use is refused where the node may not be rebooted."""
        found, loaded = args.get("driver") or {}, str(args.get("loaded") or "")
        if not (found.get("installed") or found.get("upgraded")):
            return []
        version = str(found.get("version") or "-")
        if loaded == version:  # a companion of the driver, headers for example
            return []
        if loaded and args.get("reboot") != "allowed":
            action_fail(Refusal("LLM557", loaded=loaded, version=version), host)
        return [f"driver: {loaded or '-'} -> {version}"]

    def _lock(self, path: str, told: Result) -> None:
        """What was locked then, with what the other nodes of the deployment have now."""
        if not path or self._task.check_mode:
            return
        path = os.path.expanduser(os.path.expandvars(path))
        deployment, state = told["plan"]["deployment"], told["state"]
        now = locked(path, deployment)
        rows = {**(now.get("nodes") or {}), **state["nodes"]}
        file.keep(path, deployment, {**state, "nodes": rows, "wheels": now.get("wheels") or wheels()}, parsed, False)
