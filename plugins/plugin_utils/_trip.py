# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of several steps, built on the controller one by one and run on the node in one round trip."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.plugin_utils import _trip_node
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import failed

Result = Dict[str, Any]

DRIVER = inspect.getsource(_trip_node) + "\nmain()\n"
ARCHIVE = re.compile(rb"[A-Za-z0-9+/=]{2000,}")  # what Ansible packs a module's files into, within its text


class _Asked(BaseException):
    """Ends a step's first run where it would have gone to the node. No handler of errors may catch it."""


class Question(NamedTuple):
    """How an action would have started its module: the command, and the module for its standard input."""

    command: str
    module: bytes


class Step:
    """One step and the action that runs it."""

    def __init__(self, row: Dict[str, Any], handler: Any, plain: bool) -> None:
        self.row = row
        self.question: Optional[Question] = None
        self.result: Optional[Result] = None
        self.ends: Any = plain  # whether the answer to the question ends the action, or the answer that does
        self.reaches_the_node = bool(getattr(handler, "_requires_connection", True))
        self._handler = handler
        self._go: Callable[..., Any] = handler._low_level_execute_command
        self._build: Callable[..., Any] = handler._configure_module
        self._built: Any = None

    @property
    def failed(self) -> bool:
        return bool(self.result and self.result.get("failed")) and not self.row["may_fail"]

    def begin(self, task_vars: Result) -> None:
        """Runs the action up to its question. An action of the controller, or one without pipelining, ends here."""
        self._handler._low_level_execute_command = self._note
        self._handler._configure_module = self._keep
        try:
            self.result = self._handler.run(task_vars=task_vars)
        except _Asked:
            self.ends = getattr(self._handler, "nothing_more", self.ends)

    def end(self, answer: Result, task_vars: Result) -> None:
        """Runs it again, with the node's answer at hand; what it does after that, it does by itself."""
        if answer["rc"] is None:
            slow = Refusal("LLM119", job=self.row["name"], seconds=self.row["timeout"])
            self.result = failed(slow, str(task_vars.get("inventory_hostname", "")))
            return
        answers = [answer]

        def tell(*given: Any, **named: Any) -> Any:
            return answers.pop() if answers and named.get("in_data") is not None else self._go(*given, **named)

        def built(*given: Any, **named: Any) -> Any:
            kept, self._built = self._built, None
            return kept if kept is not None else self._build(*given, **named)

        self._handler._low_level_execute_command = tell
        self._handler._configure_module = built
        self.result = self._handler.run(task_vars=task_vars)

    def _note(self, command: str, *given: Any, **named: Any) -> Any:
        module = named.get("in_data")
        if module is None:
            return self._go(command, *given, **named)
        self.question = Question(command, module if isinstance(module, bytes) else module.encode("utf-8"))
        raise _Asked

    def _keep(self, *given: Any, **named: Any) -> Any:
        self._built = self._build(*given, **named)
        return self._built


def packed(steps: List[Step], independent: bool) -> Tuple[str, bytes]:
    """The command for all of them, and its standard input. An archive that several modules have goes once."""
    questions = [step.question for step in steps if step.question]
    archives: Dict[bytes, int] = {}
    modules, texts = [], []
    for question in questions:
        found = max(ARCHIVE.finditer(question.module), key=lambda run: len(run[0]), default=None)
        before, after = found.span() if found else (len(question.module), len(question.module))
        number = archives.setdefault(found[0], len(archives)) if found else None
        modules.append([before, number, len(question.module) - after])
        texts.append(question.module[:before] + question.module[after:])
    order = {
        "archives": [len(archive) for archive in archives],
        "modules": modules,
        "limits": [step.row["timeout"] for step in steps],
        "may_fail": [step.row["may_fail"] for step in steps],
        "ends": [step.ends for step in steps],
        "independent": independent,
    }
    feed = b"".join([json.dumps(order).encode(), b"\n", *archives, *texts])
    return f"{questions[0].command} -c {shlex.quote(DRIVER)}", feed


def unpacked(answer: Result) -> List[Result]:
    """One answer per step that ran. What is not the driver's, such as a refused sudo, is the first step's."""
    _before, mark, told = str(answer.get("stdout") or "").rpartition(_trip_node.MARK)
    if not mark:
        return [answer]
    return [
        {"rc": rc, "stdout": out, "stdout_lines": out.splitlines(), "stderr": err, "stderr_lines": err.splitlines()}
        for rc, out, err in json.loads(told.splitlines()[0])
    ]
