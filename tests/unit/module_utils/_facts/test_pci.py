# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501 - captured lines as they came
"""Readers of what only some machines have: PCIe switches, an initramfs, the cards' devices."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts import pci

from tests.unit.module_utils._facts.captured import capture


def pci_port(kind, control):
    """The configuration of a PCIe port: capability 0x10 at 0x40 (after power management), ACS as second extended one."""
    config = bytearray(4096)
    config[0x34] = 0x50
    config[0x50:0x52] = bytes([0x01, 0x40])
    config[0x40:0x44] = bytes([0x10, 0x00, kind << 4 | 2, 0x00])
    config[0x100:0x104] = (0x0001 | 1 << 16 | 0x140 << 20).to_bytes(4, "little")
    config[0x140:0x144] = (0x000D | 1 << 16).to_bytes(4, "little")
    config[0x146:0x148] = control.to_bytes(2, "little")
    return bytes(config)


@pytest.mark.parametrize(
    ("kind", "control", "redirect"),
    [(6, 0x1D, True), (6, 0x04, True), (6, 0x11, False), (6, 0, False), (4, 0x1D, False), (5, 0x1D, False)],
)
def test_acs_of_a_port(kind, control, redirect):
    assert pci.redirects(pci_port(kind, control)) is redirect


def test_acs_of_what_can_not_be_read():
    assert pci.redirects(b"") is None and pci.redirects(bytes(64)) is None
    assert pci.redirects(bytes(4096)) is False
    assert pci.redirects(b"\xff" * 4096) in (True, False), "a device that fell off the bus reads as ones"


def test_acs_above_the_cards():
    way = "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:08.0/0000:03:00.0"
    config = {"0000:00:01.0": pci_port(4, 0x1D), "0000:01:00.0": pci_port(5, 0), "0000:02:08.0": pci_port(6, 0x1D)}
    files = {f"/sys/bus/pci/devices/{b}/config": c.decode("utf-8", "surrogateescape") for b, c in config.items()}
    host = capture(files, links={"/sys/bus/pci/devices/0000:03:00.0": way})
    assert pci.acs_redirects(host, ["0000:03:00.0"]) == ["0000:02:08.0"]
    assert pci.acs_redirects(capture({}), ["0000:03:00.0"]) is None
