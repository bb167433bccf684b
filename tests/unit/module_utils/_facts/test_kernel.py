# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501 - captured lines as they came
"""Kernels, nouveau, the initramfs and the kernel's log, as the readers see them."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts import (
    kernel,
)

from tests.unit.module_utils._facts.captured import capture


@pytest.mark.parametrize(
    ("image", "tool", "listing", "expected"),
    [
        ("/boot/initrd.img-6.1", "lsinitramfs", "etc/modprobe.d/no.conf\nusr/lib/modules/6.1/kernel/nouveau.ko.xz\n", (True, True)),
        ("/boot/initrd.img-6.1", "lsinitramfs", "usr/lib/modules/6.1/kernel/nouveau.ko\n", (True, False)),
        ("/boot/initramfs-6.1.img", "lsinitrd", "-rw-r--r-- 1 root root 9 Jan 1 1970 etc/modprobe.d/no.conf\n", (False, True)),
        ("/boot/initrd.img-6.1", "other", "", (None, None)),
    ],
)  # fmt: skip
def test_the_initramfs_of_the_next_boot(image, tool, listing, expected):
    files = {
        image: "",
        "/etc/modprobe.d/no.conf": "# x\nblacklist nouveau\n",
        "/etc/modprobe.d/other.conf": "blacklist x\n",
    }
    kernels = [{"version": "6.0", "image": True}, {"version": "6.1", "image": True}, {"version": "6.2", "image": False}]
    found = kernel.initramfs(capture(files, {f"{tool} {image}": listing}), kernels)
    assert found == {"file": image, "nouveau": expected[0], "guarded": expected[1]}
    assert kernel.initramfs(capture({}), kernels) is None and kernel.initramfs(capture({}), []) is None


@pytest.mark.parametrize(
    ("pci_id", "family"),
    [
        ("10de:1db6", "Volta"), ("10de:1eb8", "Turing"), ("10de:20b2", "Ampere"), ("10de:2204", "Ampere"),
        ("10de:2684", "Ada Lovelace"), ("10de:26b9", "Ada Lovelace"), ("10de:2329", "Hopper"), ("10de:2330", "Hopper"),
        ("10de:2901", "Blackwell"), ("10de:2b85", "Blackwell"), ("10de:1b38", "Pascal"), ("10de:25b6", "Ampere"),
        ("10de:0fc1", None), ("1002:74a1", None), (None, None),
    ],
)  # fmt: skip
def test_architecture(pci_id, family):
    assert kernel.architecture(pci_id) == family


def test_nouveau_blacklist():
    files = {"/etc/modprobe.d/x.conf": "# blacklist nouveau\n"}
    assert not kernel.nouveau(capture(files), [])["blacklisted"]
    files = {"/etc/modprobe.d/x.conf": "blacklist nouveau\noptions nouveau modeset=0\n"}
    assert kernel.nouveau(capture(files), ["nouveau"]) == {"loaded": True, "blacklisted": True, "available": None}


def test_a_kernel_without_nouveau():
    files = {"/proc/sys/kernel/osrelease": "6.8.0-1\n"}
    drivers = "/lib/modules/6.8.0-1/kernel/drivers/gpu/drm/"
    assert kernel.nouveau(capture({**files, drivers + "ast/ast.ko": ""}), [])["available"] is False
    assert kernel.nouveau(capture({**files, drivers + "nouveau/nouveau.ko": ""}), [])["available"] is True
    assert kernel.nouveau(capture(files), [])["available"] is None
    assert kernel.nouveau(capture({"/lib/ld-linux-x86-64.so.2": ""}), [])["available"] is False


def test_kernel_log_keeps_what_tells():
    told = ["NVRM: Xid (PCI:0000:17:00): 79, GPU has fallen off the bus.", "Loading of unsigned module is rejected"]
    assert kernel.kernel_log(capture(commands={"dmesg": "\n".join(["usb 1-1: new device", *told])})) == told
    assert kernel.kernel_log(capture()) is None
