# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of several steps, built on the controller one by one and run on the node in one round trip."""

from __future__ import annotations

import json
import shlex
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

Result = Dict[str, Any]

MARK = "yitiji-together:"
# On the node, with the modules on its standard input. A module that fails says so by its exit status; where an answer
# is not what the step's action takes for its end, the action has more to do before the next module may run.
DRIVER = """
import json, os, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
feed = sys.stdin.buffer
order = json.loads(feed.readline().decode())
work = [(feed.read(size), limit) for size, limit in zip(order["sizes"], order["limits"])]
def run(work):
    module, limit = work
    try:
        done = subprocess.run([sys.executable], input=module, stdout=-1, stderr=-1, timeout=limit)
    except subprocess.TimeoutExpired:
        return [124, json.dumps({"failed": True, "msg": "it did not end within %s seconds" % limit}), ""]
    return [done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")]
def holds(wanted, found):
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(holds(wanted[key], found.get(key)) for key in wanted)
    return wanted == found
def ended(answer, ends):
    if not isinstance(ends, dict):
        return ends
    try:
        return holds(ends, json.loads(answer[1][answer[1].index("{"):answer[1].rindex("}") + 1]))
    except ValueError:
        return False
told = []
if order["independent"]:
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        told = list(pool.map(run, work))
else:
    for one, may_fail, ends in zip(work, order["may_fail"], order["ends"]):
        told.append(run(one))
        if (told[-1][0] and not may_fail) or not ended(told[-1], ends):
            break
print("MARK" + json.dumps(told))
""".strip().replace("MARK", MARK)


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
    """The command for all of them, and its standard input."""
    questions = [step.question for step in steps if step.question]
    order = {
        "sizes": [len(question.module) for question in questions],
        "limits": [step.row["timeout"] for step in steps],
        "may_fail": [step.row["may_fail"] for step in steps],
        "ends": [step.ends for step in steps],
        "independent": independent,
    }
    modules = b"".join(question.module for question in questions)
    return f"{questions[0].command} -c {shlex.quote(DRIVER)}", json.dumps(order).encode() + b"\n" + modules


def unpacked(answer: Result) -> List[Result]:
    """One answer per step that ran. What is not the driver's, such as a refused sudo, is the first step's."""
    _before, mark, told = str(answer.get("stdout") or "").rpartition(MARK)
    if not mark:
        return [answer]
    return [
        {"rc": rc, "stdout": out, "stdout_lines": out.splitlines(), "stderr": err, "stderr_lines": err.splitlines()}
        for rc, out, err in json.loads(told.splitlines()[0])
    ]
