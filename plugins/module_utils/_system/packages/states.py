# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a node: version, held, half installed. Asked of dpkg or rpm, whichever answers, by who reads the node."""

from __future__ import annotations

from typing import Callable, List, NamedTuple, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import dnf_locks
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.dnf_answers import (
    QUERY,
    parse_installed,
    short,
)

DPKG = ["dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}\\n"]
RPM = ["rpm", "-qa", "--qf", QUERY]
LOCKS = ("/etc/dnf/plugins/versionlock.list", "/etc/yum/pluginconf.d/versionlock.list")


class State(NamedTuple):
    name: str
    version: str
    held: bool
    broken: bool


def read(ask: Callable[[List[str]], Optional[str]], text: Callable[[str], str]) -> Optional[List[State]]:
    """`ask` runs a command and gives what it said, None where it failed; `text` reads a file. None: nobody answered."""
    said = ask(DPKG)
    if said is not None:
        return of_dpkg(said)
    said = ask(RPM)
    if said is None:
        return None
    locks = next((found for found in map(text, LOCKS) if found), "")
    return of_rpm(said, locks, text("/" + dnf_locks.MAIN))


def of_dpkg(said: str) -> List[State]:
    """Rows of DPKG; its third word is what is wanted, what is there, and whether it must be installed anew."""
    rows = [line.split() for line in said.splitlines()]
    return [
        State(row[0], row[1], row[2][0] == "h", row[2][1:2] != "i" or len(row[2]) > 2)
        for row in rows
        if len(row) > 2 and row[2][1:2] not in ("n", "c")
    ]


def of_rpm(said: str, locks: str, main: str) -> List[State]:
    """Rows of RPM; held by a lock of the plugin versionlock or by an exclude in dnf.conf."""
    patterns = [*dnf_locks.locked(locks), *dnf_locks.excluded(main)]
    return [
        State(row.name, short(row.version), any(dnf_locks.fits(row, pattern) for pattern in patterns), False)
        for row in parse_installed(said)
    ]
