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
SHORT = 10.0  # seconds for a look


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
) -> Dict[str, Any]:
    """-> `seconds` until every engine is well and `short` was answered (None: not within `timeout`), and the `lost`."""
    names = [f"{unit['name']}.service" for unit in units]
    told: List[bool] = []  # whether each question was answered; threads only append
    over = threading.Event()

    def place() -> None:
        while not over.is_set():
            good = ask()
            told.append(good)
            if not good:
                over.wait(1)

    places = [threading.Thread(target=place, daemon=True) for _number in range(min(at_once, MOST))]
    for thread in places:
        thread.start()
    try:
        began, seconds = time.monotonic(), None
        while True not in told and time.monotonic() - began < FIRST:
            time.sleep(0.2)
        before, lost = _runs(host, names), told.count(False)
        host.run(["systemctl", "--no-block", "restart", *names], timeout=60)
        began = time.monotonic()
        while seconds is None and time.monotonic() - began < timeout:
            time.sleep(0.5)
            tell(f"the engine was restarted {time.monotonic() - began:.0f} s ago")
            anew = all(old != new for old, new in zip(before, _runs(host, names)))
            if anew and _well(units, health) and short():
                seconds = round(time.monotonic() - began, 1)
    finally:
        over.set()
        for thread in places:
            thread.join(SHORT)
    return {"seconds": seconds, "waited": timeout, "lost": told.count(False) - lost, "at_once": len(places)}


def _runs(host: Host, names: Sequence[str]) -> List[str]:
    shown = (host.run(["systemctl", "show", "-p", "InvocationID", name], timeout=SHORT) for name in names)
    return [each.out if each else "" for each in shown]


def _well(units: Sequence[Mapping[str, Any]], health: str) -> bool:
    try:
        return all(Client(str(unit["url"]), SHORT).call(health)[0] == 200 for unit in units)
    except Unanswered:
        return False
