# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far bundle_check is, while it reads the bundle."""

from __future__ import annotations

import os
import uuid
from typing import Any, Dict

from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import Watched


class ActionModule(Watched):
    NAME = "yitiji.deepseek.bundle_check"
    PROBE = False

    def progress(self, _args: Dict[str, Any]) -> str:
        """On the controller, whose user need not be root; the bundle itself may lie on a disk that is read-only."""
        return os.path.expanduser(f"~/.cache/yitiji/progress-{uuid.uuid4().hex}.json")
