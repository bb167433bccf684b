# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions compared as numbers."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key


def test_numbers_not_letters():
    assert version_key("0.8.5.post1") == (0, 8, 5, 1) and version_key("0.21.0+cu129") == (0, 21, 0)
    assert version_key("0.9.2") < version_key("0.10.0") < version_key("1.0")
