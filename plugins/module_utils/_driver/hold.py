# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages are held together, and how apt and dnf are told."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping

HEAD = "// Ansible managed: role yitiji.deepseek.nvidia_driver\n"


def chosen(installed: Mapping[str, str], patterns: List[str]) -> List[str]:
    """Installed packages that fit one of the patterns."""
    return sorted(name for name in installed if any(re.search(pattern, name) for pattern in patterns))


def blacklist(patterns: List[str]) -> str:
    """The file that keeps unattended-upgrades off the set; its expressions match at the start of a name."""
    rows = "".join(f'  "{pattern.lstrip("^")}";\n' for pattern in patterns)
    return f"{HEAD}Unattended-Upgrade::Package-Blacklist {{\n{rows}}};\n"


def versionlock(text: str, installed: Mapping[str, str], wanted: List[str], ours: List[str]) -> str:
    """dnf's list of locks: other people's lines stay, ours name exactly what is installed."""
    rows = [line for line in text.splitlines() if not any(line == entry for entry in ours)]
    return "".join(f"{line}\n" for line in [*rows, *lock_lines(installed, wanted)])


def lock_lines(installed: Mapping[str, str], wanted: List[str]) -> List[str]:
    return [f"{name}-*:{installed[name]}.*" for name in wanted if name in installed]


def todo(wanted: List[str], held: List[str], ours: List[str]) -> Dict[str, List[str]]:
    """What to hold, and which of our holds to lift because the package is no longer in the set."""
    return {
        "hold": [name for name in wanted if name not in held],
        "lift": [name for name in ours if name in held and name not in wanted],
    }
