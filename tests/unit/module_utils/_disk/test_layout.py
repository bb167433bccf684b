# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout of a disk, its texts, the search through it, and the list of what a tree holds."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import layout as lay

SEED = "6f1c1d0e-5949-4a49-8000-000000000002"


def test_root_is_last_and_nothing_overlaps():
    disk = lay.layout(3000, 500)
    assert [p.name for p in disk.parts] == ["bios", "esp", "models", "root"]
    for part, two in zip(disk.parts, disk.parts[1:]):
        assert part.start + part.size <= two.start
    assert disk.part("root").start + 3000 < disk.size
    assert [p.name for p in lay.layout(3000).parts] == ["bios", "esp", "root"]


def test_the_texts_name_the_same_root():
    root = lay.identifier(SEED, "rootfs")
    assert (
        root in lay.fstab(SEED, True) and root in lay.grub_stub(SEED) and root in lay.grub_menu(SEED, "6.12.1", "quiet")
    )
    assert "/boot/vmlinuz-6.12.1 " in lay.grub_menu(SEED, "6.12.1") and "configfile" not in lay.grub_stub(SEED, False)
    assert "yitiji-models" in lay.fstab(SEED, True) and "device-timeout" not in lay.fstab(SEED, True)
    none = lay.fstab(SEED, False).splitlines()[-1]
    assert none.startswith("LABEL=yitiji-models /srv/models") and "nofail,x-systemd.device-timeout=15s" in none


def test_ids_come_from_the_seed_alone():
    assert lay.table(lay.layout(3000), SEED) == lay.table(lay.layout(3000), SEED)
    assert lay.identifier(SEED, "a") != lay.identifier(SEED, "b")


def test_grub_is_told_where_its_core_is():
    sector = lay.boot_sector(bytes(512))
    assert len(sector) == 440 and sector[0x5C:0x64] == (2048).to_bytes(8, "little") and sector[0x66:0x68] == b"\x90\x90"
    assert lay.core(bytes(1024))[0x1F4:0x1FC] == (2049).to_bytes(8, "little")
    with pytest.raises(ValueError, match="core"):
        lay.core(bytes(lay.MIB + 1))
