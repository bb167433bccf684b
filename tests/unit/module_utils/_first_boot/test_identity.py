# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who the machine is: from a NoCloud seed, and by its real network cards."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import identity as who

from tests.unit.module_utils._first_boot.samples import KEY


def test_a_nocloud_seed(tmp_path):
    (tmp_path / "meta-data").write_text("instance-id: i\nlocal-hostname: ai02\n")
    (tmp_path / "user-data").write_text(f"#cloud-config\nssh_authorized_keys: ['{KEY}']\n")
    (tmp_path / "network-config").write_text(
        "version: 2\nethernets:\n  'e*':\n    addresses: [10.0.2.15/24]\n    routes: [{to: 0.0.0.0/0, via: 10.0.2.2}]\n"
        "    nameservers: {addresses: [10.0.2.3]}\n"
    )
    assert who.read_folder(str(tmp_path)).settings == {
        "hostname": "ai02", "interface": "e*", "address": "10.0.2.15/24", "gateway": "10.0.2.2", "dns": ["10.0.2.3"],
        "ssh_key": KEY,
    }  # fmt: skip
    (tmp_path / "YITIJI.CONF").write_text("hostname = wins")
    assert who.read_folder(str(tmp_path)) == who.Stick({"hostname": "wins"})
    assert who.read_folder(str(tmp_path), own=True).own
    assert who.read_folder(str(_empty(tmp_path))) is None


def _empty(path):
    (path / "empty").mkdir()
    return path / "empty"


def test_real_cards_are_told_from_made_interfaces(tmp_path):
    for name, kind, device in (("eno1", "1", True), ("ib0", "32", True), ("docker0", "1", False), ("lo", "772", False)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "type").write_text(kind + "\n")
        if device:
            (tmp_path / name / "device").mkdir()
    assert who.wired(str(tmp_path)) == ["eno1"]
