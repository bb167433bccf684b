# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a tree to a disk that boots by BIOS, UEFI and Secure Boot, without mounts, loop devices or modules."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.paths import within
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sure import sure
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import layout as lay
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.paths import below, match
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic

Tell = Callable[[int, int], None]
MODELS = "srv/models"
SIGNED = {
    "usr/lib/shim/shimx64.efi.signed": "BOOT/BOOTX64.EFI",
    "usr/lib/shim/mmx64.efi.signed": "BOOT/mmx64.efi",
    "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed": "BOOT/grubx64.efi",
}
# What GRUB needs to find its own folder
CORE_MODULES = ["biosdisk", "part_gpt", "ext2", "search_fs_uuid", "normal", "configfile"]


class Wish(NamedTuple):
    tree: str
    dest: str
    seed: str
    epoch: int
    free_mib: int
    weights: str = "none"  # none, partition, disk
    commandline: str = ""


class Failed(Exception):
    """A tool that failed: what it said."""


def run(argv: List[str], text: str = "", env: Optional[Dict[str, str]] = None) -> str:
    done = subprocess.run(
        argv, input=text.encode(), capture_output=True, env={**os.environ, **(env or {})}, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()[-800:]
        raise Failed(f"{' '.join(argv[:3])}: {said}")
    return done.stdout.decode("utf-8", "replace")


def kernel_of(tree: str) -> str:
    found = [path.split("vmlinuz-", 1)[1] for path in match(tree, "boot/vmlinuz-*")]
    if not found:
        raise Failed(f"no kernel in {tree}/boot")
    return max(found, key=lambda name: [int(n) for n in re.findall(r"\d+", name)])


def used(tree: str, skip: str = "") -> Tuple[int, int]:
    """(bytes on a disk with blocks of 4 KiB, files) below a folder, each hard link once."""
    total, files, seen = 0, 0, set()
    for path in below(tree):
        if skip and path != skip and within(skip, path):
            continue
        info = os.lstat(os.path.join(tree, path))
        files += 1
        if (info.st_dev, info.st_ino) not in seen:
            seen.add((info.st_dev, info.st_ino))
            total += -(-info.st_size // 4096) * 4096 if info.st_size > 60 else 0
    return total, files


def write(wish: Wish, tell: Tell) -> Dict[str, int]:
    """The raw disk image, and one of the models beside it when they are to have a disk of their own: {path: bytes}."""
    tree, seed = wish.tree, wish.seed
    root_bytes, root_files = used(tree, MODELS if wish.weights != "none" else "")
    data_bytes, data_files = used(os.path.join(tree, MODELS)) if wish.weights != "none" else (0, 0)
    data_mib = lay.root_mib(data_bytes, data_files, 32) if wish.weights != "none" else 0
    disk = lay.layout(
        lay.root_mib(root_bytes, root_files, wish.free_mib), data_mib if wish.weights == "partition" else 0
    )
    _boot_files(wish)
    part = wish.dest + ".part"
    _blank(part, disk.size)
    run(["sfdisk", "-q", part], lay.table(disk, seed))
    total = root_bytes + data_bytes
    with _Watch(part, total, tell):
        root = disk.part("root")
        _ext4(wish, part, root.start, root.size, "rootfs", "yitiji-root", MODELS if wish.weights != "none" else "")
        if wish.weights == "partition":
            models = disk.part("models")
            _ext4(wish, part, models.start, models.size, "models", lay.MODELS_LABEL, "", MODELS)
    _system_partition(wish, part, disk.part("esp"))
    _bios(wish, part)
    made = {wish.dest: part}
    if wish.weights == "disk":
        beside = re.sub(r"\.raw$", "", wish.dest) + "-models.raw"
        _blank(beside + ".part", data_mib)
        with _Watch(beside + ".part", data_bytes, tell):
            _ext4(wish, beside + ".part", 0, data_mib, "models", lay.MODELS_LABEL, "", MODELS)
        made[beside] = beside + ".part"
    for final, temporary in made.items():
        os.replace(temporary, final)
    return {final: os.path.getsize(final) for final in made}


def _blank(path: str, mib: int) -> None:
    with open(path, "wb") as image:
        image.truncate(mib * lay.MIB)


def _boot_files(wish: Wish) -> None:
    """What the tree must hold to boot from this disk."""
    tree = wish.tree
    write_atomic(os.path.join(tree, "etc/fstab"), lay.fstab(wish.seed, wish.weights != "none"), 0o644)
    for folder in ("boot/grub", "boot/efi", MODELS):
        os.makedirs(os.path.join(tree, folder), exist_ok=True)
    target = os.path.join(tree, "boot/grub/i386-pc")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(os.path.join(tree, "usr/lib/grub/i386-pc"), target)
    menu = lay.grub_menu(wish.seed, kernel_of(tree), wish.commandline)
    write_atomic(os.path.join(tree, "boot/grub/grub.cfg"), menu, 0o600)


def _ext4(wish: Wish, image: str, start: int, mib: int, name: str, label: str, skip: str, top: str = "") -> None:
    """A file system filled from a sorted archive: the same tree gives the same bytes."""
    options = f"offset={start * lay.MIB},hash_seed={lay.identifier(wish.seed, name + '-hash')}"
    options += ",lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0"
    mke2fs = [*_newer(wish.tree), "-q", "-F", "-t", "ext4", "-L", label, "-U", lay.identifier(wish.seed, name)]
    mke2fs += ["-m", "1", "-E", options, "-d", "-", image, f"{mib}M"]
    tar = ["tar", "-C", os.path.join(wish.tree, top), "--sort=name", "--numeric-owner", "--format=posix", "--xattrs",
           "--xattrs-include=*", "--pax-option=delete=atime,delete=ctime", f"--mtime=@{wish.epoch}", "--clamp-mtime",
           "-cf", "-"]  # fmt: skip
    tar += [f"--exclude=./{skip}/*"] * bool(skip) + ["."]
    # a fixed time for the file system's own marks as well
    env = {**os.environ, "SOURCE_DATE_EPOCH": str(wish.epoch), "E2FSPROGS_FAKE_TIME": str(wish.epoch)}
    with tempfile.TemporaryFile() as said:
        packed = subprocess.Popen(tar, stdout=subprocess.PIPE, stderr=said)
        made = subprocess.run(mke2fs, stdin=packed.stdout, stdout=said, stderr=said, env=env, check=False)
        sure(packed.stdout).close()
        if made.returncode or packed.wait():
            said.seek(0)
            raise Failed(f"mke2fs {label}: {said.read().decode('utf-8', 'replace').strip()[-800:]}")


def _newer(tree: str) -> List[str]:
    """The tree's own mke2fs, which reads archives (1.47.1 and later), run by the tree's own loader."""
    loader = os.path.join(tree, "usr/lib64/ld-linux-x86-64.so.2")
    libraries = os.path.join(tree, "usr/lib/x86_64-linux-gnu")
    return [loader, "--inhibit-cache", "--library-path", libraries, os.path.join(tree, "usr/sbin/mke2fs")]


def _system_partition(wish: Wish, image: str, esp: lay.Part) -> None:
    where = f"{image}@@{esp.start * lay.MIB}"
    env = {"SOURCE_DATE_EPOCH": str(wish.epoch), "TZ": "UTC", "MTOOLS_SKIP_CHECK": "1"}
    shape = ["-T", str(esp.size * 2048), "-h", "255", "-s", "63", "-c", "1"]
    run(["mformat", "-i", where, "-F", "-N", lay.esp_serial(wish.seed), "-v", "ESP", *shape, "::"], env=env)
    run(["mmd", "-i", where, "::/EFI", "::/EFI/BOOT", "::/EFI/debian"], env=env)
    with tempfile.TemporaryDirectory() as scratch:
        stub = os.path.join(scratch, "grub.cfg")
        write_atomic(stub, lay.grub_stub(wish.seed), 0o644)
        for source, target in [*SIGNED.items(), (stub, "debian/grub.cfg")]:
            copy = os.path.join(scratch, "copy")
            shutil.copyfile(os.path.join(wish.tree, source), copy)
            os.utime(copy, (wish.epoch, wish.epoch))
            run(["mcopy", "-m", "-i", where, copy, f"::/EFI/{target}"], env=env)


def _bios(wish: Wish, image: str) -> None:
    """Does what grub-bios-setup does, which needs a real disk."""
    early, made = "tmp/early.cfg", "tmp/core.img"
    write_atomic(os.path.join(wish.tree, early), lay.grub_stub(wish.seed, loads_menu=False), 0o644)
    run(["chroot", wish.tree, "grub-mkimage", "-O", "i386-pc", "-o", f"/{made}", "-c", f"/{early}", "-p", "/boot/grub",
         *CORE_MODULES])  # fmt: skip
    with open(os.path.join(wish.tree, made), "rb") as core, open(image, "r+b") as disk:
        with open(os.path.join(wish.tree, "usr/lib/grub/i386-pc/boot.img"), "rb") as boot:
            disk.write(lay.boot_sector(boot.read()))
        disk.seek(lay.CORE_SECTOR * lay.SECTOR)
        disk.write(lay.core(core.read()))
    for name in (early, made):
        os.unlink(os.path.join(wish.tree, name))


class _Watch:
    """Reports twice a second how much of the disk image is written."""

    def __init__(self, path: str, total: int, tell: Tell) -> None:
        self.path, self.total, self.tell = path, total, tell
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_unused: object) -> None:
        self.ended.set()
        self.thread.join()

    def _look(self) -> None:
        while not self.ended.wait(0.5):
            self.tell(min(os.stat(self.path).st_blocks * 512, self.total), self.total)
