# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs a program on the controller and puts it on the node; see the module's documentation."""

from __future__ import annotations

import os
from typing import Any, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.programs import PROGRAMS
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.zipapp import pack
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._placed import Placed

CORES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "module_utils")


class ActionModule(Placed):
    NAME = "node_program"

    def path(self, args: Dict[str, Any]) -> str:
        return str(args["path"] or PROGRAMS[args["program"]].path)

    def content(self, args: Dict[str, Any]) -> bytes:
        program = PROGRAMS[args["program"]]
        return pack(CORES, program.start, load_rules() if program.wants_rules else [])
