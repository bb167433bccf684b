# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images this project brought is remembered."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._system import brought as core


def test_what_was_brought_is_known_and_nothing_else(tmp_path):
    path = str(tmp_path / "below/brought")
    assert core.ids(path) == []
    core.note({"sha256:b", "sha256:a"}, path)
    assert core.ids(path) == ["sha256:a", "sha256:b"]
    core.note([], path)
    assert core.ids(path) == []
