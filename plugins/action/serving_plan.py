# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a plan on the controller; no connection to any node is opened. Documented in the module of the same name."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, noticed
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.state import follow
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.calibrate import add_rows
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.heal import ended_rows
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.make import make_plan, shares
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.save import read_plan, read_rows
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.since import since
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import explain
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import read_wish
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue, version
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._locked import locked
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import deployment_failed, framed


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    @framed
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _unused, options = self.validate_argument_spec(argument_spec=argument_spec("serving_plan"))
        options["calibration"] = read_rows(options["calibration_file"])
        learned = []
        try:
            catalog = catalogue(options["catalog_dirs"])
            wish = read_wish(options, catalog)
            if options["ended"]:
                parts = [part for _suffix, part in shares(wish)]
                learned = ended_rows(options["ended_plan"], parts, options["ended"])
                wish.calibration = add_rows(wish.calibration, learned)
            plan = make_plan(wish, catalog)
            state = locked(options["lock"], options["deployment"])
            if state:
                plan = follow(plan, state, version(), options["lock"])
        except Refusal as refusal:
            return {**result, **deployment_failed(refusal, options["deployment"], list(options["nodes"]), task_vars)}
        texts = [explain(plan, language) for language in ("zh", "en") if options["language"] in (language, "both")]
        if options["show"]:
            for text in texts:
                self._display.display("\n" + text)
            for row in since(read_plan(options["kept_plan"]), plan, list(options["nodes"])):
                self._display.warning(noticed(row, options["deployment"]))
        told = {"plan": plan, "learned": learned, "locked": state, "explanation": "\n\n".join(texts).split("\n")}
        return {**result, "changed": False, **told}
