# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that this project brought to the node: they may go again, those of others may not."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic

PATH = "/var/lib/yitiji/images-brought"


def ids(path: str = PATH) -> List[str]:
    """Docker's ids of them."""
    try:
        return Path(path).read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return []


def note(found: Iterable[str], path: str = PATH) -> None:
    """These, whatever was noted before."""
    write_atomic(path, "".join(f"{each}\n" for each in sorted(found)), 0o644)
