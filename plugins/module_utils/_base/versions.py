# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions compared as numbers."""

from __future__ import annotations

import re
from typing import Tuple


def version_key(version: str) -> Tuple[int, ...]:
    """0.8.5.post1 -> (0, 8, 5, 1): enough to order releases."""
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+", maxsplit=1)[0])[:4])
