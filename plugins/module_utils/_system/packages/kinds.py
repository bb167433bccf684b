# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package managers that are known here, by name."""

from __future__ import annotations

from typing import Callable, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.apt import Apt
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.dnf import Dnf
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import Manager, Run

KINDS: Dict[str, Callable[[Run, int, int], Manager]] = {"apt": Apt, "dnf": Dnf}


def manager_of(name: str, run: Run, seconds: int, lock_seconds: int) -> Manager:
    """`seconds` for one call, `lock_seconds` of waiting for somebody else who uses it."""
    return KINDS[name](run, seconds, lock_seconds)
