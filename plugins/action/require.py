# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses, by the rule's own words, where a condition does not hold; see the module's documentation."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

from ansible.playbook.conditional import Conditional
from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.messages.all import MESSAGES
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, printed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, framed


def in_both(value: Any) -> Any:
    """A value that was given in both languages."""
    if isinstance(value, Mapping) and {"en", "zh"} <= set(value):
        return Text(str(value["en"]), str(value["zh"]))
    return [in_both(part) for part in value] if isinstance(value, list) else value


class ActionModule(ActionBase):
    """The conditions are like `when`: bare expressions, evaluated here."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    @classmethod
    def finalize_task_arg(cls, name: str, value: Any, templar: Any, context: Any) -> Any:
        """ansible-core 2.19 and later: an expression must not be taken for a text."""
        return value if name == "that" else super().finalize_task_arg(name, value, templar, context)

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec("require"))
        task_vars = task_vars or {}
        that = self._task.args.get(
            "that", []
        )  # as the playbook wrote it: a checked copy is not trusted as an expression
        wrong = [part for part in (that if isinstance(that, list) else [that]) if not self._holds(part, task_vars)]
        told = list(args["refusals"])
        if args["rule"] not in (MESSAGES if that else (None, *MESSAGES)):
            action_fail(Refusal("LLM949", asked=args["rule"]), "localhost")
        if args["rule"] is not None:
            refusal = self._refusal(args)
            hosts: List[str] = args["hosts"] or [str(task_vars.get("inventory_hostname", "localhost"))]
            told += [refusal.as_dict(hosts)] if wrong else []
        if not told:
            return {**result, "changed": False, "holds": True}
        message = "\n".join([*(printed(row) for row in told), *args["evidence"]])
        if args["warn"]:
            return {**result, "changed": False, "holds": False, "warnings": [message]}
        brief = [{"rule": row["rule"], "host": row["host"]} for row in told]
        return {**result, "failed": True, "msg": message, **brief[0], "refusals": brief}

    @staticmethod
    def _refusal(args: Mapping[str, Any]) -> Refusal:
        values = {str(name): in_both(value) for name, value in args["values"].items()}
        return Refusal(args["rule"], **values)

    def _holds(self, that: Any, task_vars: Dict[str, Any]) -> bool:
        if hasattr(self._templar, "evaluate_conditional"):
            return bool(self._templar.evaluate_conditional(conditional=that))
        condition = Conditional(loader=self._loader)  # ansible-core before 2.19
        condition.when = [that]
        return bool(condition.evaluate_conditional(templar=self._templar, all_vars=task_vars))
