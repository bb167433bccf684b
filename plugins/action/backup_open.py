# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decrypts and judges a backup on the controller; see the module's documentation."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, Optional

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import age
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup.restore import judged
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import archive
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, framed


class ActionModule(ActionBase):
    """Nothing is connected to."""

    _supports_check_mode = True
    _requires_connection = False

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec("backup_open"))
        work = tempfile.mkdtemp(prefix="backup-", dir=constants.DEFAULT_LOCAL_TMP)
        try:
            path = self._clear(Path(args["file"]), args, Path(work))
            result["summary"] = judged(path, args["image"], args["admin"], args["config"])
            result.update(changed=False, path="")
            if args["into"]:
                target = Path(args["into"], "archive")
                shutil.copyfile(str(path), str(target))
                target.chmod(0o600)
                result["path"] = str(target)
        except Refusal as refusal:
            action_fail(refusal, str((task_vars or {}).get("inventory_hostname", "")))
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return result

    @staticmethod
    def _clear(source: Path, args: Dict[str, Any], work: Path) -> Path:
        """The archive without its encryption: the file itself, or one in a folder of nobody else's."""
        if not source.is_file():
            raise Refusal("LLM724", archive=str(source), place="controller")
        if args["sha256"]:
            with source.open("rb") as stream:
                found = archive.digest(stream)
            if found != args["sha256"].lower():
                raise Refusal("LLM749", path=str(source), found=found, wanted=args["sha256"])
        if not age.is_encrypted(source):
            return source
        age.decrypt(source, work / "archive", Path(args["identity"] or "/nonexistent"))
        return work / "archive"
