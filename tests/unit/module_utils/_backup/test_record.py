# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the note says of the backups."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import record as core


def test_a_success_takes_the_failure_of_its_kind_away(tmp_path):
    path = str(tmp_path / "note")
    core.failed(path, "made", "full" * 500)
    core.failed(path, "sent", "no route")
    assert len(core.read(path)["failed"]["made"]["why"]) == 500
    core.note(path, "made", name="x")
    told = core.read(path)
    assert told["made"]["name"] == "x" and list(told["failed"]) == ["sent"]
    assert (tmp_path / "note").stat().st_mode & 0o777 == 0o600


def test_what_is_damaged_counts_as_nothing(tmp_path):
    (tmp_path / "note").write_text("[")
    assert core.read(str(tmp_path / "note")) == core.read(str(tmp_path / "none")) == {}
