# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes as people write them."""

from __future__ import annotations


def gb(value: float) -> str:
    """Decimal gigabytes, as disks are sold; megabytes when small."""
    return f"{value / 1e9:.1f} GB" if value >= 1e9 else f"{value / 1e6:.0f} MB"


def gib(value: float) -> str:
    return f"{value / 2**30:.1f} GiB"
