# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that no generation needs any more leave the disk."""

from __future__ import annotations

import json
from typing import Callable, List, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.generations import Row, before
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import brought


def drop(kept: Sequence[Row], ask: Callable[[List[str]], str], path: str = brought.PATH) -> List[str]:
    """Removes what was brought here and is neither in the newest generation nor in the way back; ids of what went.

    Docker itself keeps what a container has, and what has other names, too: somebody else may want it.
    """
    noted, whole = brought.ids(path), json.dumps([kept[-1], before(kept)])
    if all(identity in whole for identity in noted):
        return []
    here = ask(["docker", "image", "ls", "--all", "--no-trunc", "--quiet"]).split()
    old = [identity for identity in noted if identity in here and identity not in whole]
    gone = [identity for identity in old if ask(["docker", "image", "rm", identity])]
    if here:  # Docker answers
        brought.note({*noted} & {*here} - {*gone}, path)
    return gone
