# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in an initramfs, by either tool, and what cannot be read."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import initramfs

LISTED = "etc/modprobe.d\netc/modprobe.d/yitiji-nouveau.conf\nusr/lib/modules/6.1/kernel/nouveau/nouveau.ko\n"


DRACUT = """Image: /boot/initramfs-5.14.0.img: 40M
========================================================================
drwxr-xr-x   2 root     root            0 Jan  1  1970 etc/modprobe.d
-rw-r--r--   1 root     root           49 Jan  1  1970 etc/modprobe.d/yitiji-nouveau.conf
-rw-r--r--   1 root     root       812345 Jan  1 10:00 usr/lib/modules/5.14.0/kernel/nouveau/nouveau.ko.xz
"""


FILE = "/etc/modprobe.d/yitiji-nouveau.conf"


@pytest.mark.parametrize("listing", [LISTED, DRACUT])
def test_looking_into_an_initramfs(listing):
    assert initramfs.judge("k", "/boot/i", listing, {FILE: 10.0}, 20.0, True) == initramfs.Image(
        "k", "/boot/i", True, "", True
    )
    assert "older" in initramfs.judge("k", "/boot/i", listing, {FILE: 30.0}, 20.0, True).why
    assert "still in it" in initramfs.judge("k", "/boot/i", listing, {FILE: 0.0}, 20.0, False).why
    assert "not in it" in initramfs.judge("k", "/boot/i", "bin\n", {FILE: 10.0}, 20.0, True).why
    assert initramfs.judge("k", "/boot/i", "bin\n", {FILE: 0.0}, 20.0, False).fits


def test_an_initramfs_that_cannot_be_read(tmp_path):
    image = tmp_path / "initrd.img-k"
    image.write_text("x")
    tool = {
        "name": "t",
        "image": f"{tmp_path}/initrd.img-{{kernel}}",
        "list": ["ls", "{image}"],
        "build": ["mk", "{kernel}"],
    }
    assert (
        initramfs.choose([tool], lambda name: name == "mk") == tool
        and initramfs.choose([tool], lambda _n: False) is None
    )
    assert initramfs.look(tool, "none", [FILE], True, lambda _w: (0, "")) is None
    with pytest.raises(Refusal) as caught:
        initramfs.look(tool, "k", [FILE], True, lambda _w: (1, "bad magic"))
    assert caught.value.rule == "LLM223" and "bad magic" in caught.value.reason.en
