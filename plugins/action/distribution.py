# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a node without Python and looks its distribution up; see the module's documentation."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.systems import System
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.distributions import KIND, find, resolved
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.basics import SCRIPT, parse
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import failed, framed


def system_of(basics: Dict[str, Any]) -> System:
    """Who the node says that it is; an answer that is not the script's tells nothing."""
    os = basics.get("os") or {}
    return System(
        str(os.get("id") or ""), str(os.get("version") or ""), str(os.get("like") or ""), str(os.get("name") or ""),
        str(basics.get("machine") or ""), basics.get("commands"),
    )  # fmt: skip


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec("distribution"))
        host = str((task_vars or {}).get("inventory_hostname", ""))
        answer = self._low_level_execute_command(SCRIPT)
        try:
            entries = resolved(catalogue(args["catalog_dirs"], (KIND,))[KIND])
            found = find(entries, system_of(parse(str(answer.get("stdout") or ""))), args["like"])
        except Refusal as refusal:
            return {**result, **failed(refusal, host)}
        return {**result, "changed": False, "distribution": found}
