# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of what stands between a card and its driver: nouveau, enrolled keys, kernel log, IOMMU, chip family."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, first_line

MODPROBE = ("/etc/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d", "/run/modprobe.d")
LOG_LINES = 60
# Lines of the kernel's log that a rule looks at.
TELLING = re.compile(
    r"NVRM|nvidia|nouveau|Key was rejected|Required key|"
    r"Loading of .* is rejected|module loading is restricted|BAR \d+.*(no space|failed to assign|can't assign)|"
    r"Out of memory: Killed|oom-kill|I/O error|EXT4-fs error|XFS .*(error|corrupt)|Uncorrected|mlx5_core.*(error|fail)",
    re.IGNORECASE,
)
# First and last PCI device id of each chip family, by NVIDIA's numbering.
FAMILIES: List[Tuple[int, int, str]] = [
    (0x1340, 0x13FF, "Maxwell"),
    (0x1400, 0x143F, "Maxwell"),
    (0x17C0, 0x17FF, "Maxwell"),
    (0x15F0, 0x15FF, "Pascal"),
    (0x1B00, 0x1D7F, "Pascal"),
    (0x1D80, 0x1DFF, "Volta"),
    (0x1E00, 0x1FFF, "Turing"),
    (0x2180, 0x21FF, "Turing"),
    (0x2080, 0x20FF, "Ampere"),
    (0x2200, 0x22FF, "Ampere"),
    (0x2300, 0x237F, "Hopper"),
    (0x2400, 0x25FF, "Ampere"),
    (0x2680, 0x28FF, "Ada Lovelace"),
    (0x2900, 0x2FFF, "Blackwell"),
    (0x3180, 0x31FF, "Blackwell"),
]


def architecture(pci_id: Optional[str]) -> Optional[str]:
    """The chip family of an NVIDIA card (`ada`, `hopper`, …) by its PCI id (`10de:2684`); None for an unknown one."""
    match = re.match(r"10de:([0-9a-f]{4})$", (pci_id or "").lower())
    if not match:
        return None
    device = int(match.group(1), 16)
    for first, last, family in FAMILIES:
        if first <= device <= last:
            return family
    return None


def nouveau(host: Host, loaded: List[str]) -> Dict[str, Any]:
    """{loaded, blacklisted, available}.

    `available`: whether the running kernel has the module; None when that can't be told.
    """
    release = first_line(host.read("/proc/sys/kernel/osrelease")) or ""
    known = host.names(f"/lib/modules/{release}/kernel/drivers/gpu/drm") if release else []
    bare = bool(host.names("/lib")) and not host.names("/lib/modules")  # a kernel from elsewhere, as in a microVM
    return {
        "loaded": "nouveau" in loaded or host.exists("/sys/module/nouveau/initstate"),
        "blacklisted": bool(blacklists(host)),
        "available": "nouveau" in known if known else False if bare else None,
    }


def blacklists(host: Host) -> List[str]:
    """Names of the files in modprobe.d that prevent nouveau from loading."""
    wanted = re.compile(r"^\s*(blacklist\s+nouveau|install\s+nouveau\s+(/usr)?/bin/(false|true))\b", re.MULTILINE)
    return [
        name for folder in MODPROBE for name in host.names(folder) if wanted.search(host.read(f"{folder}/{name}") or "")
    ]


def initramfs(host: Host, kernels: List[Dict[str, Any]]) -> Optional[Dict[str, Any]]:
    """{file, nouveau, guarded} of the newest kernel's initramfs; `nouveau` is None when its files can't be listed."""
    versions = [str(kernel["version"]) for kernel in kernels if kernel.get("image")]
    for version in versions[-1:]:
        for form, tool in (("/boot/initrd.img-{}", "lsinitramfs"), ("/boot/initramfs-{}.img", "lsinitrd")):
            path = form.format(version)
            if host.exists(path):
                answer = host.run([tool, path], timeout=20)
                lines = answer.out.splitlines() if answer and answer.rc == 0 else None
                if lines is None:
                    return {"file": path, "nouveau": None, "guarded": None}
                names = {line.rsplit("/", 1)[-1] for line in lines}
                return {
                    "file": path,
                    "nouveau": any(name.startswith("nouveau.ko") for name in names),
                    "guarded": any(name in names for name in blacklists(host)),
                }
    return None


def enrolled_keys(host: Host) -> Optional[List[str]]:
    """Names of the keys that Secure Boot trusts besides the firmware's own; None when that can't be told."""
    answer = host.run(["mokutil", "--list-enrolled"], timeout=5)
    if not answer or answer.rc != 0:
        return None
    return sorted(set(re.findall(r"Subject:.*?CN\s*=\s*([^\n,]+)", answer.out)))


def kernel_log(host: Host) -> Optional[List[str]]:
    """The latest lines of the kernel's log that a rule looks for; None when the log can't be read."""
    answer = host.run(["dmesg"], timeout=5)
    if not answer or answer.rc != 0:
        return None
    return [line[:300] for line in answer.out.splitlines() if TELLING.search(line)][-LOG_LINES:]


def iommu_types(host: Host, buses: List[str]) -> List[str]:
    """How the IOMMU treats the cards: `identity` (passed through), `DMA`, `DMA-FQ`; empty without an IOMMU."""
    kinds = (first_line(host.read(f"/sys/bus/pci/devices/{bus}/iommu_group/type")) for bus in buses)
    return sorted({kind for kind in kinds if kind})


def fabric_manager(host: Host) -> Optional[str]:
    """The version of the installed fabric manager."""
    answer = host.run(["nv-fabricmanager", "--version"], timeout=5)
    match = re.search(r"(\d+\.\d+[\d.]*)", answer.out) if answer and answer.rc == 0 else None
    return match.group(1) if match else None
