# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far dkms_modules is, while it works on the node."""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import SLACK, Watched


class ActionModule(Watched):
    NAME = "yitiji.deepseek.dkms_modules"

    def limit(self, args: Dict[str, Any]) -> int:
        return int(args.get("timeout") or 1800) * max(1, len(args.get("kernels") or [])) + SLACK
