# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the collector of the appliance's own figures on a node; see the module's documentation."""

from __future__ import annotations

from typing import Any, ClassVar, Dict

from ansible_collections.yitiji.deepseek.plugins.action import doctor_command
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.zipapp import bundle


class ActionModule(doctor_command.ActionModule):
    arguments: ClassVar[Dict[str, Any]] = {
        **doctor_command.ARGUMENTS,
        "path": {"type": "path", "default": "/usr/local/bin/yitiji-metrics"},
    }

    def pack(self) -> bytes:
        return bundle(doctor_command.CORES, [], "_monitoring.figures")
