# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the doctor on a node as one executable file; see the module's documentation."""

from __future__ import annotations

import os
import tempfile
from typing import Any, ClassVar, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.action.doctor import load_rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.zipapp import bundle

CORES = os.path.join(os.path.dirname(__file__), os.pardir, "module_utils")
ARGUMENTS = {
    "path": {"type": "path", "default": "/usr/local/bin/yitiji-doctor"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class ActionModule(ActionBase):
    """Packs on the controller, then hands over to `copy`, which knows check mode and atomic writes."""

    _supports_check_mode = True
    arguments: ClassVar[Dict[str, Any]] = ARGUMENTS

    def pack(self) -> bytes:
        return bundle(CORES, load_rules())

    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(self.arguments)
        if args["state"] == "absent":
            wanted = {"path": args["path"], "state": "absent"}
            result.update(self._execute_module("ansible.builtin.file", wanted, task_vars=task_vars))
            return result
        handle, path = tempfile.mkstemp(prefix="yitiji-command-")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(self.pack())
            task = self._task.copy()
            task.args = {"src": path, "dest": args["path"], "mode": "0755", "owner": "root", "group": "root"}
            task.diff = False  # of a zip nobody learns anything
            copy = self._shared_loader_obj.action_loader.get(
                "ansible.builtin.copy",
                task=task,
                connection=self._connection,
                play_context=self._play_context,
                loader=self._loader,
                templar=self._templar,
                shared_loader_obj=self._shared_loader_obj,
            )
            done = copy.run(task_vars=task_vars)
        finally:
            os.unlink(path)
        result.update({key: done[key] for key in ("changed", "failed", "msg", "checksum") if key in done})
        result["path"] = args["path"]
        return result
