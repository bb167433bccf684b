# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes as people write them."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sizes import gb, gib, size_text


def test_decimal_for_disks_and_binary_for_memory():
    assert gb(7e9) == "7.0 GB" and gb(9e8) == "900 MB"
    assert gib(2**33) == "8.0 GiB"


def test_sizes_of_files():
    assert [size_text(size) for size in (0, 1023, 1536, 5 << 30, 3 << 40)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "5.0 GiB",
        "3.00 TiB",
    ]
