# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module kernel_settings."""

from __future__ import annotations

from tests.unit.modules.run_module import four_states


def test_kernel_settings_keep_and_forget(tmp_path):
    """With a setting that is already as wanted, so that this machine's kernel is left alone."""
    places = {name: str(tmp_path / name) for name in ("sysctl_file", "tmpfiles_file", "record")}
    answers = four_states("kernel_settings", {"settings": {"kernel.ostype": "Linux", "kernel.none": "1"}, **places})
    assert answers[1]["written"] == {} and list(answers[1]["left_alone"]) == ["kernel.none"]
    assert "kernel.ostype = Linux" in (tmp_path / "sysctl_file").read_text()
    assert not (tmp_path / "tmpfiles_file").exists()
    four_states("kernel_settings", places)
    assert list(tmp_path.iterdir()) == []
