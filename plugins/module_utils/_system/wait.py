# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits for a service for a bounded time, says why it waits, and stops at once when waiting is useless."""

from __future__ import annotations

import time
from typing import Callable, List, NamedTuple, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.systemd import State

MAX_RESTARTS = 2
LOG_LINES = 20


class Seen(NamedTuple):
    """One look: the unit's state, the newest lines of its log, and why it is not ready (None: it is)."""

    state: State
    log: List[str]
    missing: Optional[str]
    refusal: Optional[Refusal] = None  # what the service itself refuses for good


class Answer(NamedTuple):
    status: str  # ready, waiting, failed
    seen: Seen
    refusal: Optional[Refusal]


def judge(unit: str, seen: Seen, restarts_before: int, stamp: str) -> Optional[Refusal]:
    """Why to stop waiting; None to go on."""
    state = seen.state
    if not state.loaded:
        return Refusal("LLM328", unit=unit)
    if not state.condition and state.active == "inactive":
        return Refusal("LLM330", unit=unit, stamp=stamp or say("its condition"))
    if state.active == "failed":
        return Refusal("LLM312", unit=unit, why=say("a unit that failed", result=state.result))
    if state.restarts - restarts_before >= MAX_RESTARTS:
        times = state.restarts - restarts_before
        return Refusal("LLM312", unit=unit, why=say("a unit that keeps ending", times=times))
    return None


def evidence(answer: Answer) -> List[str]:
    """Lines of the log that are worth showing; none where the service was never started."""
    return [] if answer.refusal is not None and answer.refusal.rule == "LLM330" else answer.seen.log


def ended(answer: Answer, restarts_before: int) -> bool:
    """Whether the service itself ended, be it that time was up before it had done so often enough."""
    rule = answer.refusal.rule if answer.refusal is not None else ""
    return rule == "LLM312" or (rule == "LLM505" and answer.seen.state.restarts > restarts_before)


def too_late(unit: str, seen: Seen, timeout: int, variable: str) -> Refusal:
    """The refusal for a service that was not ready in time (LLM505)."""
    why = seen.missing or "?"
    return Refusal("LLM505", unit=unit, timeout=timeout, why=why, variable=variable)


def watch(
    look: Callable[[], Seen],
    unit: str,
    seconds: float,
    restarts_before: int,
    stamp: str,
    tell: Callable[[Seen], None] = lambda seen: None,
    pause: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Looks until the service is ready, has failed or `seconds` are over.

    `tell` gets each look at one that is not ready.
    """
    end = clock() + seconds
    while True:
        seen = look()
        if seen.missing is None:
            return Answer("ready", seen, None)
        refusal = seen.refusal or judge(unit, seen, restarts_before, stamp)
        if refusal is not None:
            return Answer("failed", seen, refusal)
        if clock() >= end:
            return Answer("waiting", seen, None)
        tell(seen)
        sleep(pause)


def told(seen: Seen) -> str:
    """What the operator reads while waiting: what is missing, and the newest line of the log."""
    return "{}; {}".format(seen.missing or "ready", (seen.log[-1] if seen.log else "no log yet")[:160])
