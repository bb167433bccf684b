# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far the load of an image is, while the module works on the node; tells it what is locked."""

from __future__ import annotations

import hashlib
from typing import Any, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import Vars, Watched

FACT = "yitiji_image_"


class ActionModule(Watched):
    NAME = "yitiji.deepseek.container_image"

    def limit(self, args: Dict[str, Any]) -> int:
        """Where a neighbour does not give it in its time, it comes from outside in as much again."""
        own = super().limit(args)
        return own + int(args.get("timeout") or 3600) if args.get("neighbour") else own

    def first_look(self, args: Dict[str, Any], task_vars: Vars) -> Optional[Dict[str, Any]]:
        """What is there already, or cannot come, is said at once; only a real transfer is worth a background job."""
        first: Dict[str, Any] = self._execute_module(self.NAME, {**args, "dry_run": True}, task_vars=task_vars)
        return first if first.get("failed") or not first.get("changed") else None

    def run(self, tmp: Optional[str] = None, task_vars: Vars = None) -> Dict[str, Any]:
        known = task_vars or {}
        args, own = self._task.args, (known.get("appliance_locked") or {}).get("images") or {}
        lock = {
            "locked": any(args.get("digest") and args["digest"] == image.get("digest") for image in own.values()),
            "renew": bool(known.get("__lock_renew")),
            "mirrors": self._templar.template(known.get("docker_registry_mirrors") or []),
        }
        self._task.args = {**{name: value for name, value in lock.items() if value}, **args}
        answer: Dict[str, Any] = super().run(tmp, task_vars)
        found = {name: answer[name] for name in ("id", "digest") if answer.get(name)}
        if found.get("id") == found.get("digest"):  # containerd's store calls it by its manifest
            found.pop("id", None)
        if found and not answer.get("failed"):
            name = FACT + hashlib.sha256(str(args.get("ref")).encode()).hexdigest()[:12]
            answer["ansible_facts"] = {name: {"ref": args.get("ref"), **found}}
        return answer
