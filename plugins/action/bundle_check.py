# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far bundle_check is, while it reads the bundle."""

from __future__ import annotations

import os
import uuid
from typing import Any, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import Vars, Watched


class ActionModule(Watched):
    NAME = "yitiji.deepseek.bundle_check"

    def first_look(self, _args: Dict[str, Any], _task_vars: Vars) -> Optional[Dict[str, Any]]:
        return None

    def job(self, _args: Dict[str, Any]) -> Dict[str, Any]:
        """On the controller, whose user need not be root; the bundle itself may lie on a disk that is read-only."""
        return {"progress": os.path.expanduser(f"~/.cache/yitiji/progress-{uuid.uuid4().hex}.json")}
