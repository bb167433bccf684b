# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the newest generation is no longer as the run left it."""

from __future__ import annotations

from typing import Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.dnf_answers import QUERY, parse_installed

LISTED = ["dpkg-query", "-W", "-f", "${db:Status-Status}/${Package}/${Architecture}/${Version}\\n"]


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
    """Versions by name, and by name with architecture; the managers themselves would fill the doctor's file."""
    deb = bool(host.which("dpkg-query"))
    said = host.run(LISTED if deb else ["rpm", "-qa", "--qf", QUERY], timeout=60)
    if not said or said.rc:
        return None
    found: Dict[str, str] = {}
    if deb:
        for line in said.out.splitlines():
            status, name, architecture, version = (line.split("/", 3) + [""] * 3)[:4]
            if status == "installed":
                found.update({name: version, f"{name}:{architecture}": version})
    else:
        for row in parse_installed(said.out):
            found.update({row.name: row.version, f"{row.name}.{row.arch}": row.version, row.whole: row.version})
    return found
