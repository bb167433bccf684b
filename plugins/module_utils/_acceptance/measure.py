# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One acceptance run: the function, the speed step by step, a soak in slices. What is measured is kept until the report
is written, so that a run that is killed goes on."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import time
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import generator, quality, soak
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.function import Asked, check_all
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.load import Step, left
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.report import digest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

KEPT = "measured.json"
WATCHED = "watched"  # a file that whoever watches touches
AWAY = 120.0  # seconds without it after which nobody watches any more
Tell = Callable[[str], None]
Run = Callable[..., Dict[str, Any]]


class Kept:
    """What this very run has measured so far, in a file that a later try reads."""

    def __init__(self, folder: str, what: str) -> None:
        os.makedirs(folder, 0o700, exist_ok=True)
        self.path = os.path.join(folder, KEPT)
        self.what = what
        self.found: Dict[str, Any] = {}
        try:
            before = json.loads(read_text(self.path) or "{}")
        except ValueError:
            before = {}
        if isinstance(before, dict) and before.get("what") == what:
            self.found = dict(before["found"])

    def add(self, name: str, value: Any) -> None:
        self.found[name] = value
        write_atomic(self.path, json.dumps({"what": self.what, "found": self.found}), 0o600)


class Session:
    """What one run measures with. `of`: what else the result depends on (plan, engines): if it changes, all is anew.

    `soaking`: minutes of the soak and its requests at once.
    """

    def __init__(
        self, target: generator.Target, steps: Sequence[Step], soaking: Tuple[float, int], folder: str, tell: Tell,
        of: Mapping[str, Any], run: Run = generator.run,
    ) -> None:  # fmt: skip
        what = digest([[step.name, step.requests] for step in steps] + [target.url, target.seed, dict(of)])
        self.kept, self.folder, self.tell, self.run = Kept(folder, what), folder, tell, run
        self.target, self.steps = target, steps
        self.minutes, self.at_once = soaking
        self.count, self.seconds = soak.slices(self.minutes)
        self._watched, self._sign = os.path.join(folder, WATCHED), ""

    def watch(self) -> None:
        """From now on it ends when nobody watches it any more, or another run does: it would ask for hours."""
        self._sign = str(time.time_ns())
        write_atomic(self._watched, self._sign, 0o600)

    def wanted(self) -> bool:
        if not self._sign:
            return True
        try:
            return read_text(self._watched) == self._sign and time.time() - os.stat(self._watched).st_mtime < AWAY
        except OSError:
            return False

    def measure(
        self, client: Client, asked: Asked, timeout: float, questions: Sequence[Mapping[str, Any]] = (), room: int = 0
    ) -> Dict[str, Any]:
        """-> `function`, `quality`, `speed`, `soak`, slices `todo`, and `resumed`: steps of an earlier run.

        `timeout`: seconds for function and speed (LLM852). `room`: tokens for the answer to a question.
        """
        kept, steps = self.kept, self.steps
        began, resumed = time.monotonic(), sum(step.name in kept.found for step in steps)
        if "function" not in kept.found:
            kept.add("function", check_all(client, asked, lambda name: self.tell(f"asking: {name}")))
        answers = "quality-" + digest(list(questions))
        if questions and answers not in kept.found:
            together, most = min(quality.AT_ONCE, self.at_once), min(room, asked.longest // 2)
            kept.add(answers, quality.ask_all(client, asked.model, questions, most, together, self.tell))
        spent: Dict[str, float] = {s.name: kept.found[s.name]["wall"] for s in steps if s.name in kept.found}
        for number, step in enumerate(steps):
            if step.name in kept.found:
                continue
            over = timeout - (time.monotonic() - began)
            if over <= 0:
                raise Refusal("LLM852", seconds=int(timeout), done=number, steps=len(steps))
            rest = left(spent, steps[number:], steps)
            self.tell(
                f"step {number + 1} of {len(steps)}: {step.concurrency} at once, {step.prompt} + {step.answer} tokens"
                + (f", about {rest / 60:.0f} min left" if rest else "")
            )
            start = time.monotonic()
            row = self.run(step, self.target, os.path.join(self.folder, step.name), over, self.wanted)
            spent[step.name] = time.monotonic() - start
            kept.add(step.name, {**row, "wall": round(spent[step.name], 1)})
        found = {"function": kept.found["function"], "speed": self._speed(), "resumed": resumed}
        return {**found, "quality": kept.found.get(answers, []), "soak": self._soak(), "todo": self._todo()}

    def slice(self, number: int) -> Dict[str, Any]:
        """Asks for one slice of the soak; it counts once `keep` has what the nodes showed meanwhile."""
        pair = (self.steps[0].prompt, self.steps[0].answer)
        step = soak.step(pair, self.at_once, self.seconds, self._speed())
        self.tell(
            f"soak: slice {number + 1} of {self.count}, {self.at_once} at once, "
            f"about {(self.count - number) * self.seconds / 60:.0f} min left"
        )
        began = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        target = dataclasses.replace(self.target, seed=self.target.seed + number + 1)
        folder = os.path.join(self.folder, "soak")
        row = self.run(step, target, folder, self.seconds + self.target.timeout, self.wanted)
        self.kept.add(self._name(number), {**row, "began": began})
        return {"slice": self.kept.found[self._name(number)]}

    def keep(self, number: int, nodes: Mapping[str, Any]) -> None:
        self.kept.add(self._name(number), {**self.kept.found[self._name(number)], "nodes": dict(nodes)})

    def _name(self, number: int) -> str:
        return f"soak-{self.minutes:g}-{number}"

    def _speed(self) -> List[Dict[str, Any]]:
        return [{key: value for key, value in self.kept.found[s.name].items() if key != "wall"} for s in self.steps]

    def _todo(self) -> List[int]:
        return [n for n in range(self.count) if "nodes" not in self.kept.found.get(self._name(n), {})]

    def _soak(self) -> Dict[str, Any]:
        rows = [self.kept.found.get(self._name(number), {}) for number in range(self.count)]
        return {
            "minutes": self.minutes,
            "slice_seconds": self.seconds,
            "prompt": self.steps[0].prompt,
            "answer": self.steps[0].answer,
            "concurrency": self.at_once,
            "slices": [row for row in rows if "nodes" in row],
            "restart": self.kept.found.get("restart"),
        }
