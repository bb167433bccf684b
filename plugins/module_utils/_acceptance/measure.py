# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One acceptance run: the function, then the speed step by step. What is measured is kept for a run that goes on."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Callable, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import generator
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.function import Asked, check_all
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.load import Step, left
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.report import digest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

KEPT = "measured.json"
Tell = Callable[[str], None]
Run = Callable[[Step, generator.Target, str, float], Dict[str, Any]]


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

    def forget(self) -> None:
        if os.path.exists(self.path):
            os.unlink(self.path)


def measure(
    client: Client,
    asked: Asked,
    target: generator.Target,
    steps: Sequence[Step],
    folder: str,
    timeout: float,
    tell: Tell,
    of: Mapping[str, Any],
    run: Run = generator.run,
) -> Dict[str, Any]:
    """-> `function`, `speed` and `resumed`, the number of steps that an earlier, killed run had measured.

    `of`: what else the result depends on (the plan), so that a changed appliance is measured anew. `timeout`:
    seconds for all of it (LLM852).
    """
    kept = Kept(folder, digest([[step.name, step.requests] for step in steps] + [target.url, target.seed, dict(of)]))
    began, resumed = time.monotonic(), sum(step.name in kept.found for step in steps)
    if "function" not in kept.found:
        kept.add("function", check_all(client, asked, lambda name: tell(f"asking: {name}")))
    spent: Dict[str, float] = {step.name: kept.found[step.name]["wall"] for step in steps if step.name in kept.found}
    rows: List[Dict[str, Any]] = []
    for number, step in enumerate(steps):
        if step.name not in kept.found:
            over = timeout - (time.monotonic() - began)
            if over <= 0:
                raise Refusal("LLM852", seconds=int(timeout), done=number, steps=len(steps))
            rest = left(spent, steps[number:], steps)
            tell(
                f"step {number + 1} of {len(steps)}: {step.concurrency} at once, {step.prompt} + {step.answer} tokens"
                + (f", about {rest / 60:.0f} min left" if rest else "")
            )
            start = time.monotonic()
            row = run(step, target, os.path.join(folder, step.name), over)
            spent[step.name] = time.monotonic() - start
            kept.add(step.name, {**row, "wall": round(spent[step.name], 1)})
        rows.append({key: value for key, value in kept.found[step.name].items() if key != "wall"})
    function = kept.found["function"]
    kept.forget()
    return {"function": function, "speed": rows, "resumed": resumed}
