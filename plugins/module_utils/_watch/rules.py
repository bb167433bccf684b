# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker's own packet rules: whether they are there, a copy of them, and putting it back.

Docker writes them once and does not look at them again. Restarting it writes them anew, and restarts every container.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

TABLES = ("nat", "filter")
DOCKERS = re.compile(r"DOCKER|\bdocker0\b|\bbr-|MASQUERADE")
Runner = Callable[[List[str], float], Tuple[int, str]]


def there(run: Runner) -> Optional[bool]:
    """None where there is no iptables to ask, or Docker writes its rules with nft."""
    codes = [run(["iptables", "-w", "5", "-t", table, "-S", "DOCKER"], 10)[0] for table in TABLES]
    if 127 in codes:
        return None
    if any(codes) and run(["nft", "list", "table", "ip", "docker-bridges"], 10)[0] == 0:
        return None
    return not any(codes)


def copy(run: Runner) -> Dict[str, List[str]]:
    """The lines of both tables; {} when one can't be read."""
    found: Dict[str, List[str]] = {}
    for table in TABLES:
        rc, out = run(["iptables-save", "-t", table], 10)
        if rc != 0:
            return {}
        found[table] = lines(out)
    return found


def lines(text: str) -> List[str]:
    """Chains and rules without comments, and without counters, which change all the time."""
    kept = [line.strip() for line in text.splitlines() if line[:1] in (":", "-")]
    return [line.rpartition(" [")[0] + " [0:0]" if line.startswith(":") else line for line in kept]


def lost(kept: Mapping[str, List[str]], now: Mapping[str, List[str]]) -> bool:
    """Whether a line of Docker's own is gone; rules of others do not count."""
    return any(DOCKERS.search(row) and row not in now.get(table, []) for table, rows in kept.items() for row in rows)


def missing(kept: Mapping[str, List[str]], now: Mapping[str, List[str]]) -> str:
    """Input of `iptables-restore --noflush` that brings Docker's lines back; nothing that is there is written twice."""
    out: List[str] = []
    for table, rows in kept.items():
        have = set(now.get(table) or [])
        gone = [row for row in rows if row not in have and (row[0] == ":" or DOCKERS.search(row))]
        if gone:
            out += [f"*{table}", *gone, "COMMIT"]
    return "\n".join(out) + "\n" if out else ""


def containers_key(containers: Optional[Mapping[str, Mapping[str, Any]]]) -> List[str]:
    """The rules hold the containers' addresses: a copy is good for these containers alone."""
    return sorted(str(row["id"]) for row in (containers or {}).values())
