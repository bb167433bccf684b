# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a node a container may take, so that none of them takes the node down."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

GIB = 2**30
PIDS = {"engine": 16384, "page": 1024, "exporter": 256}  # an engine on a big node runs thousands of threads
MANY = 8  # CPUs from which on one is left to the node


def limits(kind: str, node: Mapping[str, Any], needed: Optional[int] = None) -> Dict[str, Any]:
    """{memory, pids, cpus} of a kind of container on a node as it was read; what is not known of it is not limited.

    An engine gets what the node can spare, and always what the plan says that it needs; whole GiB, so that a new
    kernel's few MB are no reason to restart it.
    """
    found: Dict[str, Any] = {"pids": PIDS[kind]}
    total = int((node.get("memory") or {}).get("total_bytes") or 0) // GIB
    threads = int((node.get("cpu") or {}).get("threads") or 0)
    if kind == "engine" and total:
        spare = total - max(1, min(16, total // 20))
        wanted = -(-int(needed or 0) * 5 // 4 // GIB)
        found["memory"] = f"{max(1, min(total, max(spare, wanted)))}g"
    elif kind == "page" and total:
        found["memory"] = f"{max(2, min(16, total // 4))}g"
    elif kind == "exporter":
        found["memory"] = "1g"
    if threads:
        found["cpus"] = threads - (threads >= MANY) if kind == "engine" else max(1, threads // 2)
    return found


def options(given: Mapping[str, Any]) -> List[str]:
    """As options of `docker run`; memory without swap."""
    words: List[str] = []
    if given.get("memory"):
        words += ["--memory", str(given["memory"]), "--memory-swap", str(given["memory"])]
    if given.get("pids"):
        words += ["--pids-limit", str(given["pids"])]
    # A kernel without CFS quotas refuses the container.
    if given.get("cpus") and given.get("cpus_can", True):
        words += ["--cpus", str(given["cpus"])]
    return words
