# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action that makes one file on the controller and puts it on the node."""

from __future__ import annotations

import os
import tempfile
from typing import Any, ClassVar, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible.utils.hashing import secure_hash_s
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed

AS = {"mode": "0755", "uid": 0, "gid": 0, "isreg": True}


class Placed(ActionBase):
    """Hands over to `copy`, which knows check mode and atomic writes, what is not there yet: one look tells."""

    NAME: ClassVar[str]
    _made: bytes = b""
    nothing_more: Any = False  # of that look; the answer by which a task that runs several together knows of the end
    _supports_check_mode = True

    def content(self, args: Dict[str, Any]) -> bytes:
        raise NotImplementedError

    def path(self, args: Dict[str, Any]) -> str:
        return str(args["path"])

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec(self.NAME))
        path = self.path(args)
        if args["state"] == "absent":
            self.nothing_more = True
            wanted = {"path": path, "state": "absent"}
            result.update(self._execute_module("ansible.builtin.file", wanted, task_vars=task_vars))
            return result
        content = self._made = self._made or self.content(args)
        self.nothing_more = {"stat": {"checksum": secure_hash_s(content), **AS}}
        look = {"path": path, "get_mime": False, "get_attributes": False}
        found = self._execute_module("ansible.builtin.stat", look, task_vars=task_vars)
        if all((found.get("stat") or {}).get(key) == value for key, value in self.nothing_more["stat"].items()):
            return {**result, "changed": False, "path": path, "checksum": self.nothing_more["stat"]["checksum"]}
        handle, made = tempfile.mkstemp(prefix="yitiji-")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            done = self._copy(made, path, task_vars)
        finally:
            os.unlink(made)
        result.update({key: done[key] for key in ("changed", "failed", "msg", "checksum") if key in done})
        result["path"] = path
        return result

    def _copy(self, made: str, path: str, task_vars: Optional[Dict[str, Any]]) -> Dict[str, Any]:
        task = self._task.copy()
        task.args = {"src": made, "dest": path, "mode": "0755", "owner": "root", "group": "root"}
        task.diff = False  # an archive's difference tells nobody anything
        copy = self._shared_loader_obj.action_loader.get(
            "ansible.builtin.copy",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        done: Dict[str, Any] = copy.run(task_vars=task_vars)
        return done
