# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bootable disk is made of: partitions, ids and the texts by which it boots. Nothing here touches a disk."""

from __future__ import annotations

import struct
import uuid
from typing import List, NamedTuple

MIB = 2**20
ESP_MIB = 64
BIOS, ESP, ROOT, DATA = (
    "21686148-6449-6E6F-744E-656564454649",
    "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
    "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",  # root of x86-64, by which systemd-repart recognises it
    "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
)
MODELS_LABEL = "yitiji-models"
MODELS_SECONDS = 15  # for a data disk that may not be there
COMMANDLINE = "console=tty0 console=ttyS0,115200"
SECTOR = 512
CORE_SECTOR = 2048  # where the partition for GRUB's core begins


class Part(NamedTuple):
    name: str
    kind: str
    start: int  # MiB
    size: int  # MiB


class Layout(NamedTuple):
    """Root comes last, so that it grows with the disk."""

    parts: List[Part]
    size: int  # MiB

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)


def layout(root_mib: int, data_mib: int = 0) -> Layout:
    parts, start = [], 1
    for name, kind, size in (
        ("bios", BIOS, 1),
        ("esp", ESP, ESP_MIB),
        ("models", DATA, data_mib),
        ("root", ROOT, root_mib),
    ):
        if size:
            parts.append(Part(name, kind, start, size))
            start += size
    return Layout(parts, start + 1)  # the second copy of the table


def identifier(seed: str, name: str) -> str:
    """An id that another run with the same seed gives again."""
    return str(uuid.uuid5(uuid.UUID(seed), name))


def esp_serial(seed: str) -> str:
    return identifier(seed, "esp")[:8].upper()


def table(disk: Layout, seed: str) -> str:
    """For sfdisk."""
    lines = ["label: gpt", f"label-id: {identifier(seed, 'disk')}"]
    for part in disk.parts:
        lines.append(
            f"start={part.start}MiB, size={part.size}MiB, type={part.kind}, name={part.name}, "
            f"uuid={identifier(seed, part.name)}"
        )
    return "\n".join(lines) + "\n"


def fstab(seed: str, models: bool) -> str:
    """`models`: the disk image comes with a file system of weights; else a data disk that bears its label is taken."""
    serial = esp_serial(seed)
    lines = [
        f"UUID={identifier(seed, 'rootfs')} / ext4 defaults,noatime,x-systemd.growfs 0 1",
        f"UUID={serial[:4]}-{serial[4:]} /boot/efi vfat umask=0077,nofail 0 2",
    ]
    # a disk that the disk image knows of may be slow to come; one that the customer may have must hold nothing up
    wait = "" if models else f",x-systemd.device-timeout={MODELS_SECONDS}s"
    lines.append(f"LABEL={MODELS_LABEL} /srv/models ext4 defaults,noatime,nofail{wait} 0 2")
    return "\n".join(lines) + "\n"


def grub_menu(seed: str, kernel: str, commandline: str = "") -> str:
    """GRUB's menu on the root file system; `update-grub` replaces it when the machine gets another kernel."""
    root = identifier(seed, "rootfs")
    words = f"root=UUID={root} ro {COMMANDLINE} {commandline}".strip()
    return (
        "set timeout=2\nserial --unit=0 --speed=115200\n"
        "terminal_input console serial\nterminal_output console serial\n"
        f"search --no-floppy --fs-uuid --set=root {root}\n"
        f"menuentry 'yitiji' {{\n  linux /boot/vmlinuz-{kernel} {words}\n  initrd /boot/initrd.img-{kernel}\n}}\n"
    )


def grub_stub(seed: str, loads_menu: bool = True) -> str:
    """What GRUB reads first, in the system partition or in its core: where the rest stands."""
    root = identifier(seed, "rootfs")
    lines = [f"search.fs_uuid {root} root", "set prefix=($root)/boot/grub"]
    return "\n".join(lines + ["configfile $prefix/grub.cfg"] * loads_menu) + "\n"


def boot_sector(boot: bytes) -> bytes:
    """GRUB's boot.img for the first 440 bytes of the disk: the core's sector, and no trust in the drive's number."""
    code = bytearray(boot[:440])
    code[0x5C:0x64] = struct.pack("<Q", CORE_SECTOR)
    code[0x66:0x68] = b"\x90\x90"
    return bytes(code)


def core(image: bytes) -> bytes:
    """GRUB's core.img for its partition: its first sector holds the number of its second."""
    if len(image) > MIB:
        raise ValueError(f"GRUB's core has {len(image)} bytes, its partition {MIB}")
    code = bytearray(image)
    code[0x1F4:0x1FC] = struct.pack("<Q", CORE_SECTOR + 1)
    return bytes(code)


def root_mib(used: int, inodes: int, free_mib: int) -> int:
    """Room for the content, for ext4's own tables and for what is to stay free, in multiples of 64 MiB."""
    need = used * 1.06 / MIB + inodes * 256 / MIB + 96 + free_mib
    return -(-int(need) // 64) * 64
