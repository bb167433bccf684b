# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bounded wait for a service that says why it waits and stops at once when waiting is useless."""

from __future__ import annotations

import time
from typing import Callable, List, NamedTuple, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.systemd import State

MAX_RESTARTS = 2
LOG_LINES = 20


class Seen(NamedTuple):
    """One look: the unit's state, the newest log lines, and why it is not ready (None when it is)."""

    state: State
    log: List[str]
    missing: Optional[str]
    refusal: Optional[Refusal] = None  # what the service itself refuses for good


class Answer(NamedTuple):
    status: str  # ready, waiting, failed
    seen: Seen
    refusal: Optional[Refusal]


def judge(unit: str, seen: Seen, restarts_before: int, stamp: str) -> Optional[Refusal]:
    """A reason to stop waiting, or None."""
    state = seen.state
    look = Text(
        f"read the log lines below, correct the cause and run again; `journalctl -u {unit}` has all of them.",
        f"请阅读下面的日志，改正原因后重新运行；完整日志见 `journalctl -u {unit}`。",
    )
    if not state.loaded:
        return Refusal("LLM328", unit=unit)
    if not state.condition and state.active == "inactive":
        return Refusal(
            "LLM601",
            Text(
                "{} was not started: {} is missing, so its files are not verified.".format(
                    unit, stamp or "its condition"
                ),
                "{} 未启动：缺少 {}，所需文件未经校验。".format(unit, stamp or "其启动条件"),
            ),
            Text(
                "run role weights (site.yml does), then run again.",
                "请运行 weights 角色（site.yml 会执行），然后重试。",
            ),
        )
    if state.active == "failed":
        return Refusal(
            "LLM312",
            Text(f"{unit} failed ({state.result}).", f"{unit} 运行失败（{state.result}）。"),
            look,
        )
    if state.restarts - restarts_before >= MAX_RESTARTS:
        return Refusal(
            "LLM312",
            Text(
                f"{unit} ended {state.restarts - restarts_before} times while it was starting.",
                f"{unit} 在启动过程中退出了 {state.restarts - restarts_before} 次。",
            ),
            look,
        )
    return None


def evidence(answer: Answer) -> List[str]:
    """Log lines worth showing: none of them explains a start that did not happen."""
    return [] if answer.refusal is not None and answer.refusal.rule == "LLM601" else answer.seen.log


def too_late(unit: str, seen: Seen, timeout: int, variable: str) -> Refusal:
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
    """Look until ready, failed or out of time; `tell` gets every look at a service that is not ready."""
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
    """What an operator reads while waiting: what is missing, and the newest line of the log."""
    return "{}; {}".format(seen.missing or "ready", (seen.log[-1] if seen.log else "no log yet")[:160])
