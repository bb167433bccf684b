# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes as people write them."""

from __future__ import annotations


def gb(value: float) -> str:
    """Decimal gigabytes, as disks are sold; megabytes when small."""
    return f"{value / 1e9:.1f} GB" if value >= 1e9 else f"{value / 1e6:.0f} MB"


def gib(value: float) -> str:
    """Bytes as GiB."""
    return f"{value / 2**30:.1f} GiB"


def size_text(count: float) -> str:
    """1536 -> '1.5 KiB'"""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return ("%d %s" if unit == "B" else "%.1f %s") % (count, unit)
        count /= 1024.0
    return f"{count:.2f} TiB"
