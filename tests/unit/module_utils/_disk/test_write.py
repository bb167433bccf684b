# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel boots, and how much space a tree takes."""

from __future__ import annotations

import os

from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.write import kernel_of, used


def test_the_newest_kernel(tmp_path):
    (tmp_path / "boot").mkdir()
    for version in ("6.12.9-amd64", "6.12.41-amd64"):
        (tmp_path / "boot" / f"vmlinuz-{version}").touch()
    assert kernel_of(str(tmp_path)) == "6.12.41-amd64"


def test_hard_links_count_once(tmp_path):
    (tmp_path / "a").write_bytes(bytes(5000))
    os.link(tmp_path / "a", tmp_path / "b")
    assert used(str(tmp_path)) == (8192, 2)
