# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine must have: checked before anything is made; whatever is missing is named in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .config import NEEDED_FREE_GIB, Lab
from .shell import LabError, run, step

PACKAGES = {  # Debian package -> a command or file that proves it
    "btrfs-progs": "/usr/bin/btrfs",
    "ca-certificates": "/etc/ssl/certs/ca-certificates.crt",
    "debian-archive-keyring": "/usr/share/keyrings/debian-archive-keyring.gpg",
    "iproute2": "/sbin/ip",
    "mmdebstrap": "/usr/bin/mmdebstrap",
    "netcat-openbsd": "/bin/nc.openbsd",
    "nftables": "/usr/sbin/nft",
    "openssh-client": "/usr/bin/ssh",
    "python3-venv": "/usr/lib/python3.11/ensurepip/__init__.py",
    "slirp4netns": "/usr/bin/slirp4netns",
    "systemd-container": "/usr/bin/systemd-nspawn",
}

VM_PACKAGES = {  # only when a VM is asked for
    "fdisk": "/usr/sbin/sfdisk",
    "mtools": "/usr/bin/mcopy",
    "ovmf": "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
    "qemu-system-x86": "/usr/bin/qemu-system-x86_64",
    "qemu-utils": "/usr/bin/qemu-img",
}


def need_root() -> None:
    if os.geteuid() != 0:
        raise LabError("the lab makes namespaces and mounts: run it as root / 需要 root 权限：sudo make lab")


def check_kernel() -> None:
    lacks = []
    if not Path("/dev/loop-control").exists():
        lacks.append("loop devices (modprobe loop)")
    if not Path("/dev/net/tun").exists():
        lacks.append("/dev/net/tun (modprobe tun)")
    for fs in ("btrfs", "overlay"):
        if (
            fs not in Path("/proc/filesystems").read_text(encoding="utf-8")
            and subprocess.run(["modprobe", "-q", fs], check=False).returncode
        ):
            lacks.append(f"file system {fs} (modprobe {fs})")
    if run("unshare", "--net", "--mount", "--pid", "--fork", "true", check=False).returncode:
        lacks.append("network, mount and pid namespaces (a container without CAP_SYS_ADMIN?)")
    if lacks:
        raise LabError(f"this kernel lacks: {'; '.join(lacks)} / 内核缺少以上功能")


def check_space(lab: Lab) -> None:
    where = lab.cache
    while not where.exists():
        where = where.parent
    used = sum(f.stat().st_blocks * 512 for f in (lab.store_image, *lab.images.glob("*.tar")) if f.exists()) / 2**30
    free = shutil.disk_usage(where).free / 2**30
    if free + used < NEEDED_FREE_GIB:
        raise LabError(
            f"{where} has {free:.1f} GiB free, the lab needs {NEEDED_FREE_GIB - used:.0f}: "
            f"free some, or set YITIJI_LAB_DIR to a larger disk / 空间不足，请清理或用 YITIJI_LAB_DIR 换盘"
        )


def install_packages(wanted: dict[str, str] = PACKAGES) -> None:
    with step("packages of the machine") as s:
        missing = [p for p, proof in wanted.items() if not Path(proof).exists()]
        if not missing:
            return s.reused("all there")
        env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        run("apt-get", "update", "-qq", env=env)
        how = ["-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600"]
        run("apt-get", "install", *how, *missing, env=env)
        s.tell("installed " + " ".join(missing))
    return None


def mirrors() -> tuple[str, str]:
    """The machine's own Debian mirror and security mirror, so that the project contains no address."""
    main = os.environ.get("YITIJI_LAB_MIRROR", "")
    security = os.environ.get("YITIJI_LAB_SECURITY_MIRROR", "")
    if not (main and security):
        fmt = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
        for line in run("apt-get", "indextargets", "--format", fmt).stdout.splitlines():
            origin, label, uri = line.split("|")
            if origin == "Debian" and label == "Debian-Security":
                security = security or uri
            elif origin == "Debian" and label == "Debian":
                main = main or uri
    if not main:
        raise LabError("no Debian mirror is configured on this machine: run apt-get update, or set YITIJI_LAB_MIRROR")
    return main.rstrip("/"), (security or main).rstrip("/")


def sources(suite: str) -> list[str]:
    main, security = mirrors()
    parts = "main contrib non-free non-free-firmware"
    lines = [f"deb {main} {suite} {parts}", f"deb {main} {suite}-updates {parts}"]
    if security != main:
        lines.append(f"deb {security} {suite}-security {parts}")
    return lines


def check(lab: Lab) -> None:
    need_root()
    check_kernel()
    check_space(lab)
