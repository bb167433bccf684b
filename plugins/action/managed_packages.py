# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of managed_packages: where a play checks all roles, what they ask is collected and asked once in the end."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible.plugins.action.normal import ActionModule as Normal
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed

SWITCH = "__packages_together"  # a variable of the play
FACT = "yitiji_packages_asked"
ASK = ("owner", "names", "conflicts", "default_release", "allow_downgrade", "allow_change_held", "install_recommends")


class ActionModule(Normal):
    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        args, known = self._task.args, task_vars or {}
        if args.get("state") != "offered" or not known.get(SWITCH):
            answer: Dict[str, Any] = super().run(tmp, task_vars)
            return answer
        if "asks" in args:  # the list begins anew: a cache of facts may hold that of another run
            asked = list(args["asks"])
        else:
            ask = {name: args[name] for name in ASK if name in args}
            asked = [*known.get("ansible_facts", {}).get(FACT, []), ask]
        return {"changed": False, "installed": [], "ansible_facts": {FACT: asked}}
