# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two trees compared: what is new, gone, or different."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import sbom as manifest


def test_two_trees_are_compared(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same").write_text("x")
        (tmp_path / name / "other").write_text(name)
        (tmp_path / name / "link").symlink_to("same")
    (tmp_path / "two/more").touch()
    first, second = (manifest.describe(str(tmp_path / name)) for name in ("one", "two"))
    assert manifest.parse(manifest.text(first)) == first
    assert manifest.differences(first, second) == ["more", "other"]
    assert manifest.explain(["more", "other"], {"o*": "known"}) == {"": ["more"], "known": ["other"]}
