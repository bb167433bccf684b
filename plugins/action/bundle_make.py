# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives bundle_make the catalogue and shows how far it is."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import WORK
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.distributions import KIND, resolved, targets
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, framed
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import Vars, Watched


class ActionModule(Watched):
    NAME = "yitiji.deepseek.bundle_make"

    def first_look(self, _args: Dict[str, Any], _task_vars: Vars) -> Optional[Dict[str, Any]]:
        return None

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        try:
            found = catalogue(self._task.args.get("catalog_dirs") or [], ("licences", KIND))
            found["targets"] = targets(resolved(found.pop(KIND)))
        except Refusal as refusal:
            action_fail(refusal, "localhost")
        self._task.args["catalog"] = found
        answer: Dict[str, Any] = super().run(tmp, task_vars)
        return answer

    def job(self, args: Dict[str, Any]) -> Dict[str, Any]:
        path = os.path.abspath(os.path.expanduser(str(args["path"])))
        return {"progress": os.path.join(path + WORK, "progress.json")}
