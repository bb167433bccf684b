# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for an NVIDIA card in a virtual machine: `lab/lab vm NAME --card`.

QEMU has no device with NVIDIA's ids. So a test device of QEMU's stands there, and on its account
- udev calls for the modules of such a card, in the initramfs and later, by the card's alias: nouveau comes by
  itself, unless it is forbidden;
- the list of PCI devices shows one more, with a card's ids: whoever reads /sys finds an RTX 4090.
There is no card behind it: a driver finds nothing to drive.
"""

from __future__ import annotations

DEVICE = "pci-testdev"  # 1b36:0005
BUS, VENDOR, CARD = "0000:17:00.0", "10de", "2684"
ALIAS = f"pci:v0000{VENDOR.upper()}d0000{CARD}sv0000{VENDOR.upper()}sd0000{CARD}bc03sc00i00"

RULES = "etc/udev/rules.d/85-lab-card.rules"
# As udev's own 80-drivers.rules do for every device; a blacklist counts, because the module is asked for by an alias.
RULE = f"""\
ACTION!="remove", SUBSYSTEM=="pci", ATTR{{vendor}}=="0x1b36", ATTR{{device}}=="0x0005", \\
  RUN{{builtin}}+="kmod load {ALIAS}", TAG+="systemd", ENV{{SYSTEMD_WANTS}}+="lab-card.service"
"""
UNIT = """\
[Unit]
Description=Show a card that is not there
DefaultDependencies=no
After=systemd-remount-fs.service
Before=ssh.service

[Service]
Type=oneshot
RemainAfterExit=true
ExecStart=/usr/local/sbin/lab-card
"""
SCRIPT = f"""\
#!/bin/sh
# The kernel's list of PCI devices (links), and beside them a folder that reads as a card.
set -e
seen=/sys/bus/pci/devices
mkdir -p /run/lab-pci
cp -a $seen/. /run/lab-pci/
card=/run/lab-pci/{BUS}
mkdir -p $card
echo 0x{VENDOR} >$card/vendor
echo 0x{CARD} >$card/device
echo 0x{VENDOR} >$card/subsystem_vendor
echo 0x{CARD} >$card/subsystem_device
echo 0x030000 >$card/class
echo 0xa1 >$card/revision
echo -1 >$card/numa_node
echo {ALIAS} >$card/modalias
mount --bind /run/lab-pci $seen
"""
FILES = {RULES: RULE, "etc/systemd/system/lab-card.service": UNIT, "usr/local/sbin/lab-card": SCRIPT}
