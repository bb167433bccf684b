# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the newest generation is no longer as the run left it."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.kinds import manager_of


def drift(host: Host, running: bool, folder: str = generations.ROOT, root: str = "/") -> Dict[str, Optional[List[str]]]:
    """Files, images and packages that differ, None for what could not be asked; {} where no run was recorded."""
    kept = generations.rows(folder)
    if not kept:
        return {}
    row = kept[-1]
    nodes = list(row["state"]["nodes"].values())
    wanted = dict(nodes[0]["packages"]) if nodes else {}
    there = _packages(host) if wanted else {}

    def ask(words: List[str]) -> str:
        said = host.run(words, timeout=10)
        return said.out if said and said.rc == 0 else ""

    return {
        "files": generations.edited(row, generations.look(root)),
        "images": generations.moved(row["images"], generations.ids(row["images"], ask)) if running else None,
        "packages": None if there is None else generations.moved(wanted, there),
    }


def _packages(host: Host) -> Optional[Dict[str, str]]:
    def run(words: List[str], seconds: float) -> Tuple[int, str]:
        said = host.run(words, timeout=seconds)
        return (said.rc, said.out) if said else (127, "")

    try:
        return manager_of("apt" if host.which("dpkg-query") else "dnf", run, 20, 0).installed()
    except Refusal:
        return None
