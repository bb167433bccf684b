# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks for a new site and writes its inventory. Documented in the module of the same name."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional

from ansible.errors import AnsiblePromptInterrupt, AnsiblePromptNoninteractive
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.answers import LANGUAGES, Problem, check
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.interview import in_language, interview
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.inventory import inventory, next_steps, place
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.questions import Known
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import framed

HERE = "localhost"


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, options = self.validate_argument_spec(argument_spec=argument_spec("new_site"))
        catalog = catalogue(options.pop("catalog_dirs"), ("profiles", "gpus"))
        profiles = catalog["profiles"]
        known = Known(profiles, catalog["gpus"], _holds_bundle, _taken)
        language = options["language"] if options["language"] in LANGUAGES else LANGUAGES[0]
        given = {name: value for name, value in options.items() if value is not None}
        site, problems = check(interview(given, known, language, _ask, _tell), known)
        if site is None:
            told = [problem.refusal.as_dict(HERE) for problem in problems]
            message = "\n".join(problem.refusal.message(HERE) for problem in problems)
            return {**result, "failed": True, "msg": message, "refusals": told}
        site = site._replace(bundle=os.path.abspath(os.path.expanduser(site.bundle)) if site.bundle else "")
        titles = {
            name: Text(row["title"]["en"], row["title"]["zh"]) for name, row in profiles.items() if "title" in row
        }
        text, path = inventory(site, titles), place(os.path.expanduser(site.path))
        if not self._task.check_mode:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "x", encoding="utf-8") as stream:
                stream.write(text)
            for step in next_steps(site):
                Display().display("\n".join(in_language(step, site.language)))
        diff = {"before": "", "after": text, "before_header": path, "after_header": path}
        shown = {"diff": diff} if self._task.diff else {}
        return {**result, "changed": True, "path": site.path, "preflight": site.preflight, **shown}


def _holds_bundle(folder: str) -> bool:
    return os.path.isfile(os.path.join(os.path.expanduser(folder), "MANIFEST.json"))


def _taken(path: str) -> bool:
    path = os.path.expanduser(path)
    return os.path.lexists(path) and not (os.path.isdir(path) and not os.listdir(path))


def _ask(prompt: str) -> Optional[str]:
    try:
        return Display().prompt_until(prompt).decode(errors="replace")
    except (AnsiblePromptNoninteractive, AnsiblePromptInterrupt):
        return None


def _tell(problem: Problem) -> None:
    Display().display(problem.refusal.message(HERE))
