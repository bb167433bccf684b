# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of managed_packages: where a play checks all roles, what they ask is collected and asked once in the end.

It also tells the module which versions are locked, and keeps those that it found for the lock.
"""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible.plugins.action.normal import ActionModule as Normal
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed

SWITCH = "__packages_together"  # a variable of the play
FACT = "yitiji_packages_asked"
THERE = "yitiji_packages_there_"  # with the owner's name
OPEN = "LLM594"  # who silences it takes whatever version there is
ASK = (
    "owner", "names", "conflicts", "default_release", "allow_downgrade", "allow_change_held", "install_recommends",
    "latest",
)  # fmt: skip


class ActionModule(Normal):
    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        args, known = self._task.args, task_vars or {}
        if args.get("state") != "offered" or not known.get(SWITCH):
            return self._on_the_node(tmp, task_vars, known)
        if "asks" in args:  # the list begins anew: a cache of facts may hold that of another run
            asked = list(args["asks"])
        else:
            ask = {name: args[name] for name in ASK if name in args}
            asked = [*known.get("ansible_facts", {}).get(FACT, []), ask]
        return {"changed": False, "installed": [], "ansible_facts": {FACT: asked}}

    def _on_the_node(
        self, tmp: Optional[str], task_vars: Optional[Dict[str, Any]], known: Dict[str, Any]
    ) -> Dict[str, Any]:
        args = self._task.args
        node = ((known.get("appliance_locked") or {}).get("nodes") or {}).get(known.get("inventory_hostname")) or {}
        if node.get("packages") and args.get("state") != "absent":
            silenced = self._templar.template(known.get("appliance_rules_ignore") or [])
            if OPEN not in [row.get("id") for row in silenced]:
                self._task.args = {"locked": node["packages"], **args}
        answer: Dict[str, Any] = super().run(tmp, task_vars)
        gone = (
            args.get("state") == "absent" and "removed" in answer
        )  # what served for a part of the run is no part of what it left
        if ("versions" in answer or gone) and not answer.get("failed"):
            versions = dict.fromkeys(answer["removed"], "") if gone else answer["versions"]
            answer["ansible_facts"] = {THERE + str(args.get("owner")): versions}
        return answer
