# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs several steps on the node in one round trip; see the module's documentation."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as Normal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import action_fail, framed
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._trip import Result, Step, packed, unpacked

WORDS = {"name": "", "when": True, "check_mode": None, "changed_when": None, "may_fail": False, "register": "",
         "timeout": None}  # fmt: skip


def step_of(row: Mapping[str, Any]) -> Dict[str, Any]:
    """A row of the list, with its module found and everything else at its default."""
    modules = [key for key in row if key not in WORDS]
    if len(modules) != 1 or not row.get("name"):
        action_fail(Refusal("LLM948", step=row.get("name") or "?", found=", ".join(modules) or "-"), "localhost")
    given = {key: row.get(key, default) for key, default in WORDS.items()}
    for key in ("when", "may_fail"):
        given[key] = boolean(given[key])
    given["timeout"] = int(given["timeout"]) if given["timeout"] else None
    return {**given, "module": modules[0], "args": dict(row[modules[0]] or {})}


class ActionModule(ActionBase):
    _supports_check_mode = True

    @framed
    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec("together"))
        rows = [step_of(row) for row in args["steps"]]
        steps = [self._step(row) for row in rows if row["when"]]
        self._go(steps, args["independent"], task_vars or {})
        told: Result = {**result, "changed": False, "changed_steps": [], "diff": []}
        for step in steps:
            if step.result is not None:
                gather(told, step.row, step.result)
        failures = [step for step in steps if step.failed]
        if not failures:
            return told
        first = {key: value for key, value in (failures[0].result or {}).items() if key not in ("changed", "exception")}
        message = "\n".join(dict.fromkeys(str((step.result or {}).get("msg") or "") for step in failures))
        row = failures[0].row
        return {**told, **first, "msg": message, "step": row["name"], "step_action": row["module"]}

    def _step(self, row: Dict[str, Any]) -> Step:
        task = self._task.copy(exclude_parent=True)
        task._parent = self._task._parent
        task.name, task.action, task.args = row["name"], row["module"], row["args"]
        task.check_mode = self._task.check_mode if row["check_mode"] is None else boolean(row["check_mode"])
        loader = self._shared_loader_obj.action_loader
        handler = loader.get(
            row["module"] if loader.has_plugin(row["module"]) else "ansible.legacy.normal",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        command = loader.get("ansible.builtin.command", class_only=True)  # one that is imported is another class
        return Step(row, handler, isinstance(handler, (Normal, command)))

    def _go(self, steps: List[Step], independent: bool, task_vars: Result) -> None:
        """Each up to its question; all questions at once; each to its end, and what is left goes on the next trip."""
        for step in steps:
            step.begin(task_vars)
            if step.failed and not (independent and step.reaches_the_node):
                return  # what the controller refuses is not asked of the node
        ahead = [step for step in steps if step.question]
        while ahead:
            command, feed = packed(ahead, independent)
            answers = unpacked(self._low_level_execute_command(command, in_data=feed))
            for step, answer in zip(ahead, answers):
                step.end(answer, task_vars)
            if not independent and any(step.failed for step in ahead):
                return
            ahead = ahead[len(answers) :]


def gather(told: Result, row: Mapping[str, Any], result: Result) -> None:
    """What a step adds to the answer of the task."""
    changed = bool(result.get("changed")) if row["changed_when"] is None else boolean(row["changed_when"])
    if changed:
        told["changed"] = True
        told["changed_steps"].append(row["name"])
        told["diff"] += result["diff"] if isinstance(result.get("diff"), list) else [result.get("diff") or {}]
    for kind in ("warnings", "deprecations"):
        if result.get(kind):
            told[kind] = [*told.get(kind, []), *result[kind]]
    if result.get("ansible_facts"):
        told["ansible_facts"] = {**told.get("ansible_facts", {}), **result["ansible_facts"]}
    if row["register"]:
        told[row["register"]] = {**result, "changed": changed}
