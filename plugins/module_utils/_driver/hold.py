# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages are held together, and how the package manager is told."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import Manager

HEAD = "// Ansible managed: role yitiji.deepseek.nvidia_driver\n"


def chosen(installed: Mapping[str, str], patterns: List[str]) -> List[str]:
    """Installed packages that fit one of the patterns."""
    return sorted(name for name in installed if any(re.search(pattern, name) for pattern in patterns))


def blacklist(patterns: List[str]) -> str:
    """The file that keeps unattended-upgrades off the set; its expressions match at the start of a name."""
    rows = "".join(f'  "{pattern.lstrip("^")}";\n' for pattern in patterns)
    return f"{HEAD}Unattended-Upgrade::Package-Blacklist {{\n{rows}}};\n"


def todo(wanted: List[str], held: List[str], ours: List[str]) -> Dict[str, List[str]]:
    """What to hold, and which of our holds to lift because the package is no longer in the set."""
    return {
        "hold": [name for name in wanted if name not in held],
        "lift": [name for name in ours if name in held and name not in wanted],
    }


def names_of(record: List[str]) -> List[str]:
    """Our holds; an earlier version remembered dnf's whole lines."""
    return [line.partition("-*:")[0] for line in record]


def set_holds(manager: Manager, todo: Mapping[str, List[str]]) -> None:
    if todo["hold"]:
        manager.hold(todo["hold"])
    if todo["lift"]:
        manager.unhold(todo["lift"])
