# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked in an acceptance: lengths of prompts and answers, and how many requests at once."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, Iterable, List, Mapping, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

# The lengths that engines are commonly measured with: a chat, a document, and the longest prompt with a short answer.
USUAL: Tuple[Tuple[int, int], ...] = ((1024, 1024), (4096, 1024), (0, 256))
TEMPLATE = 64  # tokens that a chat template and an inexact tokenizer may add to a prompt
START = 15.0  # seconds in which the generator starts and ends: 9 on two idle cores, 25 on busy ones
LEAST = 16  # tokens; a shorter prompt or answer measures the network


@dataclasses.dataclass(frozen=True)
class Step:
    """One measurement: `requests` in all, `concurrency` of them at a time. Lengths in tokens.

    With `seconds` it ends by time, and `requests` are the prompts that are made for it.
    """

    prompt: int
    answer: int
    concurrency: int
    requests: int
    warm_up: int
    seconds: int = 0

    @property
    def name(self) -> str:
        return f"{self.prompt}-{self.answer}-{self.concurrency}"

    @property
    def tokens(self) -> int:
        """Of all its requests: what the time left is estimated by."""
        return (self.prompt + self.answer) * (self.requests + self.warm_up)


def at_once(planned: int) -> List[int]:
    """1, 2, 4, ... up to the planned number, and one step beyond it: half as many more."""
    steps = [1]
    while steps[-1] * 2 < planned:
        steps.append(steps[-1] * 2)
    return sorted({*steps, planned, beyond(planned)})


def beyond(planned: int) -> int:
    return -(-planned * 3 // 2) if planned > 1 else 2


def lengths(longest: int, wanted: Sequence[Mapping[str, Any]] = ()) -> List[Tuple[int, int]]:
    """(prompt, answer) pairs that fit into `longest`; a prompt of 0 takes what the answer leaves (LLM850).

    Of the usual pairs, those that do not fit are left out; pairs that somebody asked for are refused.
    """
    room = longest - TEMPLATE
    pairs = [(int(row["prompt"]), int(row["answer"])) for row in wanted] or list(USUAL)
    found: List[Tuple[int, int]] = []
    for prompt, answer in pairs:
        whole = (prompt or room - answer, answer)
        if min(whole) < LEAST or sum(whole) > room:
            if wanted:
                raise Refusal("LLM850", prompt=prompt, answer=answer, longest=longest, room=room, least=LEAST)
            continue
        found.append(whole)
    return found or [(room // 2, room - room // 2)]


def steps(pairs: Iterable[Tuple[int, int]], numbers: Sequence[int], rounds: int, least: int) -> List[Step]:
    """Every pair at every number of requests at once.

    Each place asks `rounds` times, and every step at least `least` times in all, so that percentiles mean something.
    """
    found: List[Step] = []
    for prompt, answer in pairs:
        for number in numbers:
            found.append(Step(prompt, answer, number, max(number * rounds, least), number))
    return found


def left(done: Mapping[str, float], todo: Sequence[Step], all_steps: Sequence[Step]) -> float:
    """Seconds that `todo` will take, by the tokens a second of the steps that are done; 0 before the first one is."""
    by_name = {step.name: step for step in all_steps}
    rates: Dict[int, float] = {}
    for name, seconds in done.items():
        step = by_name[name]
        rates[step.concurrency] = step.tokens / max(seconds - START, 1.0)
    if not rates:
        return 0.0
    nearest = [min(rates, key=lambda number: abs(number - step.concurrency)) for step in todo]
    return sum(START + step.tokens / rates[number] for step, number in zip(todo, nearest))
