# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab/lab vm`: its options, and a VM made of them."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from . import machine, node, vm_disk
from .config import SUITES, Lab
from .shell import LabError, say
from .vm import Vm


def options(p: argparse.ArgumentParser) -> None:
    p.add_argument("name")
    p.add_argument("--suite", choices=SUITES, default="trixie", help="Debian release of the lab's own disk")
    p.add_argument("--image", type=Path, help="boot this disk image (raw or qcow2) instead; it is not written to")
    p.add_argument("--seed", type=Path, help="a second disk, read only: a NoCloud seed, a stick with settings")
    firmware = p.add_mutually_exclusive_group()
    for option, text in (("secure-boot", "UEFI with Secure Boot on"), ("bios", "only with --image")):
        firmware.add_argument(f"--{option}", action="store_const", const=option, dest="firmware", help=text)
    p.set_defaults(firmware="uefi")
    p.add_argument("--octet", type=int, help="last number of its address 10.77.0.N; an image must take it by itself")
    p.add_argument("--size", default="", help="grow the disk to this, e.g. 20G")
    p.add_argument("--memory", type=int, default=1024, help="MiB (default 1024)")
    p.add_argument("--cpus", type=int, default=1)
    p.add_argument("--card", action="store_true", help="a stand-in for an NVIDIA card: see lab/README.md")


def check(args: argparse.Namespace) -> None:
    for file in (args.image, args.seed):
        if file and not file.is_file():
            raise LabError(f"{file}: no such file")
    if args.firmware == "bios" and not args.image:
        raise LabError("the lab's own disks boot by UEFI; --bios is for an --image")
    if args.card and args.image:
        raise LabError("--card needs the lab's own disk, which plays the card's part")


def up(lab: Lab, args: argparse.Namespace) -> None:
    """Boot it; the base trees of nodes must be there for a disk of the lab's own."""
    machine.install_packages(machine.VM_PACKAGES)
    disk = args.image.resolve() if args.image else vm_disk.base(lab, args.suite)
    seed = str(args.seed.resolve()) if args.seed else ""
    wanted = Vm(str(disk), not args.image, args.firmware, seed, args.size, args.memory, args.cpus, args.card)
    t0 = time.monotonic()
    new = node.up(lab, args.name, args.octet, args.image.name if args.image else args.suite, wanted)
    n = node.get(lab, args.name)
    say(f"{n.name} {n.address} {f'answers after {time.monotonic() - t0:.1f} s' if new else 'is up'}")


def kind(n: node.Node) -> str:
    return f"{n.base} {n.vm.firmware}" if n.vm else n.base
