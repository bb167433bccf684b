# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk that the VMs of a Debian release start from: its own kernel behind shim and GRUB, both signed.

Made from the release's base tree without mounts, loop devices or kernel modules; kept while its inputs stay the same.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from . import net, store, vm_card
from .config import Lab
from .machine import sources
from .shell import lock, run, step

MIB = 2**20
SIZE_MIB = 10 * 1024  # sparse
ESP_MIB = 64
ESP_UUID, ROOT_UUID = "59495449", "6f1c1d0e-5949-4a49-8000-000000000001"  # of every lab disk
IDENTITY = "opt/yitiji.lab/identity"  # the name under which QEMU tells a VM its identity
RECIPE = "2"  # raise this when _tree or write changes what it makes

# the cloud flavour of the kernel has no nouveau
PACKAGES = "linux-image-amd64 initramfs-tools zstd grub-cloud-amd64 mokutil binutils".split()
COMMANDLINE = "console=ttyS0 net.ifnames=0 mitigations=off quiet systemd.show_status=1 rd.udev.log_level=3"
GRUB = f"""\
serial --unit=0
terminal_output serial
search --no-floppy --fs-uuid --set=root {ROOT_UUID}
linux /vmlinuz root=UUID={ROOT_UUID} ro {COMMANDLINE}
initrd /initrd.img
boot
"""
# GRUB's own configuration in the ESP: where the rest stands
STUB = f"search.fs_uuid {ROOT_UUID} root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n"
IDENTITY_UNIT = f"""\
[Unit]
Description=Name, address and host key of this lab machine
DefaultDependencies=no
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
RequiresMountsFor=/etc
After=systemd-remount-fs.service
Before=network-pre.target systemd-networkd.service ssh.service sysinit.target
Wants=network-pre.target

[Service]
Type=oneshot
ExecStart=modprobe qemu_fw_cfg
ExecStart=tar -xf /sys/firmware/qemu_fw_cfg/by_name/{IDENTITY}/raw -C / --no-same-owner
ExecStart=hostname -F /etc/hostname

[Install]
WantedBy=sysinit.target
"""
# Small: quick to read and to rebuild under emulation. nouveau is in it, as on a machine with a graphical boot.
INITRAMFS_HOOK = f"""\
#!/bin/sh
[ "$1" = prereqs ] && exit 0
. /usr/share/initramfs-tools/hook-functions
manual_add_modules virtio_pci virtio_blk ext4 crc32c nouveau
mkdir -p "$DESTDIR/lib/udev/rules.d"
cp /{vm_card.RULES} "$DESTDIR/lib/udev/rules.d/"
"""
FILES = {
    "boot/grub/grub.cfg": GRUB,
    "etc/fstab": f"UUID={ROOT_UUID} / ext4 defaults,noatime 0 0\n",
    "etc/initramfs-tools/conf.d/lab": "MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=3\n",
    "etc/initramfs-tools/hooks/lab": INITRAMFS_HOOK,
    "etc/systemd/system/lab-identity.service": IDENTITY_UNIT,
    **vm_card.FILES,
    # emulation on a busy machine: slow is not broken
    "etc/systemd/system.conf.d/lab.conf": "[Manager]\nDefaultTimeoutStartSec=900\nDefaultDeviceTimeoutSec=900\n",
    # no such devices here, and looking for them takes seconds
    "etc/modprobe.d/lab.conf": "".join(f"blacklist {m}\n" for m in ("kvm_amd", "kvm_intel", "kvm", "floppy", "pcspkr")),
}


def base(lab: Lab, suite: str) -> Path:
    """The base disk of a release, made if there is none from these inputs."""
    with lock(lab.cache / "vms.lock", "the disks of virtual machines"), step(f"disk of Debian {suite}") as s:
        disk = lab.vms / f"{suite}-{_key(lab, suite)}.qcow2"
        if disk.exists():
            s.reused()
            return disk
        lab.vms.mkdir(parents=True, exist_ok=True)
        tree, fresh = lab.store / f".new-vm-{suite}", lab.vms / f".new-{suite}.qcow2"
        store.delete(lab, tree)
        store.snapshot(store.base_path(lab, suite), tree)
        try:
            _tree(lab, suite, tree)
            write(tree, fresh)
        finally:
            store.delete(lab, tree)
        _forget_old(lab, suite)
        fresh.rename(disk)
        s.tell(f"{disk.stat().st_blocks * 512 / MIB:.0f} MiB")
    return disk


def _forget_old(lab: Lab, suite: str) -> None:
    """Delete the disks of earlier inputs, except those that a VM still uses."""
    used = "".join(f.read_text() for f in (lab.cache / "run").glob("*/nodes/*.json"))
    for old in lab.vms.glob(f"{suite}-*.qcow2"):
        if str(old) not in used:
            old.unlink()


def _key(lab: Lab, suite: str) -> str:
    tree = (lab.cache / f"base-{suite}.key").read_text()
    parts = [RECIPE, tree, *PACKAGES, *sources(suite), str(SIZE_MIB), str(ESP_MIB)]
    parts += [f"{path}\n{text}" for path, text in FILES.items()] + [STUB]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _tree(lab: Lab, suite: str, tree: Path) -> None:
    """Turn a node's base tree into that of a machine with a kernel."""
    for path, text in FILES.items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(0o755 if text.startswith("#!") else 0o644)
    log = lab.cache / "logs" / f"vm-{suite}.log"
    log.unlink(missing_ok=True)
    container = [*net.inside(lab), "systemd-nspawn", "-q", "--register=no", "--keep-unit", "--pipe"]
    quiet = ["--resolv-conf=off", "--setenv=DEBIAN_FRONTEND=noninteractive", "--setenv=LC_ALL=C.UTF-8"]
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES],
        ["apt-get", "clean"],
        ["systemctl", "enable", "-q", "lab-identity.service"],
    ):
        run(*container, *quiet, "-D", tree, *command, log=log)
    (tree / "etc/machine-id").write_text("")
    if suite != "bookworm":  # whose sshd has no such option: it rejects clients that were slow a few times
        (tree / "etc/ssh/sshd_config.d/lab-vm.conf").write_text("PerSourcePenalties no\n")


def write(tree: Path, disk: Path) -> None:
    """A disk that boots by UEFI, with Secure Boot or without: system partition by mtools, root by mke2fs."""
    raw = disk.with_suffix(".raw")
    raw.unlink(missing_ok=True)
    run("truncate", "-s", f"{SIZE_MIB}M", raw)
    first, root = 1, 1 + ESP_MIB
    root_mib = SIZE_MIB - root - 1  # the second copy of the partition table needs room
    with tempfile.TemporaryDirectory() as scratch:
        layout = Path(scratch) / "layout"
        layout.write_text(
            "label: gpt\n"
            f"start={first}MiB, size={ESP_MIB}MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=esp\n"
            f"start={root}MiB, size={root_mib}MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=root\n"
        )
        run("sh", "-c", f"sfdisk -q {raw} < {layout}")
        run("mke2fs", "-q", "-F", "-t", "ext4", "-U", ROOT_UUID, "-m", "0", "-E", f"offset={root * MIB}",
            "-d", tree, raw, f"{root_mib}M")  # fmt: skip
        stub = Path(scratch) / "grub.cfg"
        stub.write_text(STUB)
        esp = f"{raw}@@{first * MIB}"
        shape = ["-T", str(ESP_MIB * 2048), "-h", "255", "-s", "63", "-c", "1"]
        run("mformat", "-i", esp, "-F", "-N", ESP_UUID, *shape, "::")
        run("mmd", "-i", esp, "::/EFI", "::/EFI/BOOT", "::/EFI/debian")
        signed = {
            "usr/lib/shim/shimx64.efi.signed": "BOOT/BOOTX64.EFI",
            "usr/lib/shim/mmx64.efi.signed": "BOOT/mmx64.efi",
            "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed": "BOOT/grubx64.efi",
        }
        for source, target in signed.items():
            run("mcopy", "-i", esp, tree / source, f"::/EFI/{target}")
        run("mcopy", "-i", esp, stub, "::/EFI/debian/grub.cfg")
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, disk)
    raw.unlink()
