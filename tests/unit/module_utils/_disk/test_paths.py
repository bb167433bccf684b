# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links inside a tree never lead out of it."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.paths import inside, match


def test_a_link_never_leads_out(tmp_path):
    outside, tree = tmp_path / "outside", tmp_path / "tree"
    (outside / "journal").mkdir(parents=True)
    (outside / "journal/kept").write_text("x")
    (tree / "var").mkdir(parents=True)
    (tree / "var/log").symlink_to(outside)
    (tree / "etc").mkdir()
    (tree / "etc/systemd").symlink_to(outside)
    assert match(str(tree), "var/log/**") == [] and match(str(tree), "var/log/journal/*") == []
    with pytest.raises(ValueError, match="link"):
        inside(str(tree), "etc/systemd/x")
    assert (outside / "journal/kept").exists()
