# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far the search is, and tells it on the controller which keys everybody can read anyway."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.action.disk_seal import entries
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import Watched


class ActionModule(Watched):
    NAME = "yitiji.deepseek.disk_check"

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        seal = entries(self._task.args.get("catalog_dirs", []))
        self._task.args["published"] = [digest for entry in seal.values() for digest in entry.get("known", [])]
        return super().run(tmp, task_vars)
