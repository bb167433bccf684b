# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far acceptance_measure is, with the time left."""

from __future__ import annotations

import os
import uuid
from typing import Any, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.measure import WATCHED
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import Vars, Watched


class ActionModule(Watched):
    NAME = "yitiji.deepseek.acceptance_measure"

    def first_look(self, args: Dict[str, Any], task_vars: Vars) -> Optional[Dict[str, Any]]:
        """What is only to be kept is no job."""
        if args.get("seen") is None and args.get("restarted") is None:
            return None
        answer: Dict[str, Any] = self._execute_module(self.NAME, args, task_vars=task_vars)
        return answer

    def job(self, args: Dict[str, Any]) -> Dict[str, Any]:
        """Beside what is measured: the user who asks need not be root."""
        return {"progress": os.path.join(str(args["folder"]), f"progress-{uuid.uuid4().hex}.json")}

    def lease(self, args: Dict[str, Any]) -> str:
        return os.path.join(str(args["folder"]), WATCHED)
