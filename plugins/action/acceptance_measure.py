# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far acceptance_measure is, with the time left."""

from __future__ import annotations

import os
import uuid
from typing import Any, Dict, Optional

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.judge import limits_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.measure import WATCHED
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.quality import (
    LAB_ROOM,
    ROOM,
    is_lab,
    questions_of,
)
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import Vars, Watched

CHAT, WHOLE = "POST /v1/chat/completions", "ignore_eos"  # what a gateway lets through of an engine's own parameters


class ActionModule(Watched):
    NAME = "yitiji.deepseek.acceptance_measure"

    def first_look(self, args: Dict[str, Any], task_vars: Vars) -> Optional[Dict[str, Any]]:
        """What is only to be kept is no job."""
        if args.get("seen") is None and args.get("restarted") is None:
            return None
        answer: Dict[str, Any] = self._execute_module(self.NAME, args, task_vars=task_vars)
        return answer

    def job(self, args: Dict[str, Any]) -> Dict[str, Any]:
        """Its progress lies beside what is measured: the user who asks need not be root.

        Answers of a whole length are asked for where the engine knows how: a gateway refuses what it does not know.
        """
        catalog, plan = catalogue(args.get("catalog_dirs") or (), ("acceptance", "models", "routes")), args["plan"]
        known, engine = catalog["acceptance"], str(plan["engine"]["name"])
        lab = is_lab(plan, limits_of(known, plan["profile"])[0])
        routes = catalog["routes"].get(engine) or {}
        names = routes.get("parameters") or {}
        name = plan["model"].get("served_name")
        model = next((row for key, row in catalog["models"].items() if name in (key, row.get("served_name"))), {})
        return {
            "thinks": bool(args.get("thinks") or model.get("reasoning_parser")),
            "refused": args.get("refused") or [row for group in routes.get("refuse") or () for row in group["routes"]],
            "whole_answers": boolean(args.get("whole_answers") or False) and WHOLE in names.get(CHAT, ()),
            "function_tokens": args.get("function_tokens") or (LAB_ROOM if lab else 0),
            "progress": os.path.join(str(args["folder"]), f"progress-{uuid.uuid4().hex}.json"),
            "questions": args.get("questions") or questions_of(known),
            "question_tokens": LAB_ROOM if lab else ROOM,
        }

    def lease(self, args: Dict[str, Any]) -> str:
        return os.path.join(str(args["folder"]), WATCHED)
