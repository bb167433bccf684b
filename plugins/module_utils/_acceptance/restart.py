# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A restart of the engines while they are asked: how long until a question is answered again."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, Unanswered
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import answer

MOST = 32  # places that ask; each is a thread
ANSWER = 256  # tokens
FIRST = 60.0  # seconds within which the load has to run
PAUSE = 1.0
SHORT = 10.0  # seconds for a look


class Load:
    """So many places that ask again and again. What fails while the engine is away is counted."""

    def __init__(self, ask: Callable[[], bool], at_once: int) -> None:
        self._ask, self._end = ask, threading.Event()
        self.answered = self.lost = 0
        self._counting = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _number in range(at_once)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            good = self._ask()
            with self._counting:
                self.answered += good
                self.lost += not good
            if not good:
                self._end.wait(PAUSE)

    def stop(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(SHORT)


def asker(door: answer.Door, key: str, model: str, seconds: float) -> Callable[[], bool]:
    """A longer question through the gateway, as users ask it."""
    body = {"model": model, "max_tokens": ANSWER, "messages": [{"role": "user", "content": "Count from 1 to 200."}]}

    def ask() -> bool:
        try:
            return answer.call(door, "/v1/chat/completions", key, body, seconds)[0] == 200
        except answer.Trouble:
            return False

    return ask


def restart(
    host: Host,
    units: Sequence[Mapping[str, Any]],
    health: str,
    ask: Callable[[], bool],
    short: Callable[[], bool],
    at_once: int,
    timeout: float,
    tell: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Dict[str, Any]:
    """-> `seconds` until every engine is well and `short` was answered (None: not within `timeout`), and the `lost`."""
    names = [f"{unit['name']}.service" for unit in units]
    places = min(at_once, MOST)
    load = Load(ask, places)
    try:
        began = time.monotonic()
        while not load.answered and time.monotonic() - began < FIRST:
            sleep(0.2)
        before, lost = _runs(host, names), load.lost
        host.run(["systemctl", "--no-block", "restart", *names], timeout=60)
        began, seconds = time.monotonic(), None
        while seconds is None and time.monotonic() - began < timeout:
            sleep(0.5)
            tell(f"the engine was restarted {time.monotonic() - began:.0f} s ago")
            after = _runs(host, names)
            if all(old != new for old, new in zip(before, after)) and _well(units, health) and short():
                seconds = round(time.monotonic() - began, 1)
    finally:
        load.stop()
    return {"seconds": seconds, "lost": load.lost - lost, "at_once": places}


def _runs(host: Host, names: Sequence[str]) -> List[str]:
    found = []
    for name in names:
        shown = host.run(["systemctl", "show", "-p", "InvocationID", name], timeout=SHORT)
        found.append(shown.out.strip() if shown else "")
    return found


def _well(units: Sequence[Mapping[str, Any]], health: str) -> bool:
    try:
        return all(Client(str(unit["url"]), SHORT).call(health)[0] == 200 for unit in units)
    except Unanswered:
        return False
