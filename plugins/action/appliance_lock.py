# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what a deployment consists of on the controller. Documented in the module of the same name."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, one, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import file, nodes
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.compare import differences
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.state import complete, lockable, unpinned
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import version
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._locked import locked, parsed, wheels
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    @framed
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _unused, options = self.validate_argument_spec(argument_spec=argument_spec("appliance_lock"))
        path, plan = options["path"], options["plan"]
        found = nodes.found(options["hosts"], (task_vars or {}).get("hostvars") or {})
        before = locked(path, plan["deployment"])
        if options["state"] == "pinned":
            plan = nodes.pinned(plan, found)
            loose = unpinned(plan, before) if found[options["hosts"][0]] else []  # the head knows them all
            if loose:
                raise Refusal("LLM589", lock=path, images=loose)
            return {**result, "changed": False, "plan": plan}
        kept = before.get("nodes") or {}  # of nodes that this run leaves out
        rows = {name: node or kept.get(name) for name, node in found.items()}
        own = wheels() if options["renew"] or not before else before["wheels"]
        whole = complete(plan, version(), {name: node for name, node in rows.items() if node}, own)
        state, left = lockable(whole, before)
        lines = [row.text() for row in differences(before, state)]
        old, new = file.keep(path, plan["deployment"], state, parsed, self._task.check_mode)
        for line in lines if before else ():
            self._display.display(f"{plan['deployment']}: {line}")
        for ref in left:
            self._display.display(f"{plan['deployment']}: {one(say('lock: left out', image=ref).as_dict())}")
        told = {"changed": old != new, "differences": lines}
        if self._task.diff:
            told["diff"] = {"before_header": path, "after_header": path, "before": old, "after": new}
        return {**result, **told}
