# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a plan as Kubernetes manifests, on the controller. Documented in the module of the same name."""

from __future__ import annotations

import json
import os

import yaml
from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.kubernetes import manifests
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.save import check_folder, save_files
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, framed

FILE = "kserve.yaml"
SETTINGS = ("namespace", "claim", "storage_class", "key_secret")


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    @framed
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _unused, options = self.validate_argument_spec(argument_spec=argument_spec("plan_export"))
        selector = {str(key): str(value) for key, value in options["node_selector"].items()}
        try:
            found = manifests(options["plan"], {name: options[name] for name in SETTINGS}, selector)
            check_folder(options["save_to"])
            found = json.loads(json.dumps(found))  # core 2.17 has kinds of text of its own, which YAML can't write
            text = yaml.safe_dump_all(found, sort_keys=False, allow_unicode=True, width=120)
            changed, diff = save_files(options["save_to"], {FILE: text}, self._task.check_mode)
        except Refusal as refusal:
            action_fail(refusal, str((task_vars or {}).get("inventory_hostname", "")))
        path = os.path.join(options["save_to"], FILE)
        return {
            **result,
            "changed": changed,
            "path": path,
            "manifests": found,
            **({"diff": diff} if self._task.diff else {}),
        }
