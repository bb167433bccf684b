# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an address that moves between two nodes stands on this one, or answers anywhere."""

from __future__ import annotations

from subprocess import CompletedProcess
from typing import Callable, List, Optional

Run = Callable[[List[str], float], "CompletedProcess[str]"]
SECONDS = 10


def held(address: str, run: Run) -> bool:
    """Whether an interface of this node has it."""
    return bool(run(["ip", "-o", "address", "show", "to", address], SECONDS).stdout.strip())


def answers(address: str, run: Run) -> bool:
    """Whether anybody answers a ping; where there is no ping, that is not known, and counts as nobody."""
    try:
        return run(["ping", "-c", "1", "-W", "2", address], SECONDS).returncode == 0
    except FileNotFoundError:
        return False


def waited(
    look: Callable[[], bool], seconds: float, pause: Callable[[], None], now: Callable[[], float], stays: float = 0
) -> bool:
    """Looks until it is so, and stays so for a while, or the seconds are over."""
    until = now() + seconds
    since: Optional[float] = None
    while True:
        if look():
            since = now() if since is None else since
            if now() - since >= stays:
                return True
        else:
            since = None
        if now() >= until:
            return False
        pause()
