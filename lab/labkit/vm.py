# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines in the lab's network: with their own kernel, firmware and disk, emulated by QEMU.

For what nodes can't show: kernel modules, initramfs, sysctls, a true reboot, Secure Boot, a baked disk image.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import net, vm_card
from .config import GATEWAY, MTU, SUBNET, Lab
from .shell import LabError, Step, run
from .vm_disk import IDENTITY

QEMU = "qemu-system-x86_64"
ACCEL = os.environ.get("YITIJI_LAB_ACCEL", "tcg,thread=multi,tb-size=512")  # kvm where the machine has it: 10 x faster
CPU = "Nehalem" if ACCEL.startswith("tcg") else "host"  # newer instructions cost more to emulate than they save
BOOT_SECONDS = 900  # 60-110 s on two idle cores; a bound, not an expectation
OVMF = Path("/usr/share/OVMF")
FIRMWARES = {  # name -> (code, variables); the .ms variables hold the keys and have Secure Boot switched on
    "bios": None,
    "uefi": ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
    "secure-boot": ("OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.ms.fd"),
}

KINDS = ("console", "disk", "identity", "pub", "qmp", "serial", *(f"vars-{f}" for f in FIRMWARES))  # files of a VM


@dataclass(frozen=True)
class Vm:
    """What a VM consists of; kept in its node's file."""

    disk: str  # what it starts from: a base disk of the lab, or an image of the operator's
    own: bool  # a disk of the lab: takes name, address and host key from the lab
    firmware: str = "uefi"
    seed: str = ""  # a second disk, read only, e.g. a NoCloud seed
    size: str = ""  # grow the disk to this
    memory: int = 1024  # MiB
    cpus: int = 1
    card: bool = False  # a stand-in for an NVIDIA card


def create(lab: Lab, name: str, octet: int, vm: Vm) -> None:
    """Disk and identity of a new VM."""
    lab.of_node(name, "disk").parent.mkdir(parents=True, exist_ok=True)
    kind = json.loads(run("qemu-img", "info", "--output=json", vm.disk).stdout)["format"]
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", vm.disk, "-F", kind, lab.of_node(name, "disk"),
        *([vm.size] if vm.size else []))  # fmt: skip
    if vm.own:
        _identity(lab, name, f"{SUBNET}.{octet}")


def _identity(lab: Lab, name: str, address: str) -> None:
    key = lab.of_node(name, "hostkey")
    key.unlink(missing_ok=True)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key)
    public = Path(f"{key}.pub").read_text(encoding="utf-8")
    files = {
        "etc/hostname": (f"{name}\n", 0o644),
        "etc/hosts": (f"127.0.0.1 localhost\n{address} {name}\n{GATEWAY} hub.lab\n", 0o644),
        "etc/systemd/network/10-lab.network": (
            f"[Match]\nName=eth0\n[Link]\nMTUBytes={MTU}\n[Network]\nAddress={address}/24\nGateway={GATEWAY}\n", 0o644),
        "etc/ssh/ssh_host_ed25519_key": (key.read_text(), 0o600),
        "etc/ssh/ssh_host_ed25519_key.pub": (public, 0o644),
    }  # fmt: skip
    with tarfile.open(lab.of_node(name, "identity"), "w") as tar:
        for path, (text, mode) in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.mtime = len(text.encode()), mode, int(time.time())
            tar.addfile(entry, io.BytesIO(text.encode()))
    key.unlink()
    Path(f"{key}.pub").unlink()
    lab.of_node(name, "pub").write_text(" ".join(public.split()[:2]))


def is_up(lab: Lab, name: str) -> bool:
    return net.alive(lab.of_node(name, "pid"), QEMU)


def start(lab: Lab, name: str, octet: int, vm: Vm) -> None:
    tap = f"vm{octet}"
    script = f"ip tuntap add {tap} mode tap 2>/dev/null; ip link set {tap} mtu {MTU} master {net.BRIDGE} up"
    run(*net.inside(lab), "sh", "-c", script)
    for kind in ("console", "qmp"):
        lab.of_node(name, kind).unlink(missing_ok=True)
    with lab.of_node(name, "log").open("a") as log:
        p = subprocess.Popen(
            [*net.inside(lab), *_command(lab, name, octet, vm, tap)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    lab.of_node(name, "pid").write_text(str(p.pid))
    until = time.monotonic() + 20
    while not lab.of_node(name, "qmp").exists():
        if p.poll() is not None or time.monotonic() > until:
            said = lab.of_node(name, "log").read_text(errors="replace").strip()[-500:]
            raise LabError(f"virtual machine {name}: QEMU does not start: {said}")
        time.sleep(0.05)


def _command(lab: Lab, name: str, octet: int, vm: Vm, tap: str) -> list[str]:
    command = [
        QEMU, "-name", f"{lab.netns}-{name}", "-nodefaults", "-no-user-config", "-display", "none",
        "-accel", ACCEL, "-cpu", CPU, "-m", str(vm.memory), "-smp", str(vm.cpus),
        "-rtc", "base=utc", "-device", "virtio-rng-pci",
        "-chardev", f"socket,id=serial,path={lab.of_node(name, 'console')},server=on,wait=off,"
        f"logfile={lab.of_node(name, 'serial')},logappend=on", "-serial", "chardev:serial",
        "-qmp", f"unix:{lab.of_node(name, 'qmp')},server=on,wait=off",
        # unsafe: the guest's flushes stay in this machine's memory, which survives the guest's power cut
        "-drive", f"if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap,file={lab.of_node(name, 'disk')}",
        "-device", "virtio-blk-pci,drive=disk,bootindex=0",
        "-netdev", f"tap,id=lan,ifname={tap},script=no,downscript=no",
        # without a ROM the firmware does not try the network first
        "-device", f"virtio-net-pci,netdev=lan,romfile=,mac=52:54:00:77:00:{octet:02x}",
    ]  # fmt: skip
    if vm.own:
        command += ["-fw_cfg", f"name={IDENTITY},file={lab.of_node(name, 'identity')}"]
    if vm.card:
        command += ["-device", vm_card.DEVICE]
    if vm.seed:
        command += ["-drive", f"if=virtio,format=raw,readonly=on,file={vm.seed}"]
    return command + _firmware(lab, name, vm.firmware)


def _firmware(lab: Lab, name: str, firmware: str) -> list[str]:
    files = FIRMWARES[firmware]
    if not files:
        return ["-machine", "q35"]
    secure = firmware == "secure-boot"
    code, template = files
    variables = lab.of_node(name, f"vars-{firmware}")
    if not variables.exists():
        shutil.copy(OVMF / template, variables)
    # Secure Boot is only real if the guest can write the variables through the firmware alone
    guard = ["-global", "driver=cfi.pflash01,property=secure,value=on"] if secure else []
    return [
        "-machine", f"q35,smm={'on' if secure else 'off'}", *guard,
        "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF / code}",
        "-drive", f"if=pflash,unit=1,format=raw,file={variables}",
    ]  # fmt: skip


def last_words(lab: Lab, name: str, lines: int = 1) -> str:
    """The end of what the VM wrote on its serial line."""
    serial = lab.of_node(name, "serial")
    if not serial.exists():
        return ""
    with serial.open("rb") as f:
        f.seek(max(0, serial.stat().st_size - 8192))
        text = f.read().decode(errors="replace")
    plain = [_plain(line) for line in text.replace("\r", "\n").split("\n")]
    return "\n".join([line for line in plain if line][-lines:])


def _plain(line: str) -> str:
    """A serial line without the terminal's commands."""
    return re.sub(r"\x1b[\[(][0-9;?=]*[A-Za-z]|[\x00-\x1f\x7f\ufffd]", "", line).strip()


def wait(lab: Lab, name: str, address: str, answers: Callable[[], bool], told: Step) -> None:
    """Wait until it answers; the progress line shows the last line of the serial console."""
    told.now = lambda: last_words(lab, name)[:100]
    until = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < until and is_up(lab, name):
        if answers():
            return
        time.sleep(1)
    why = f"no answer on {address}:22 within {BOOT_SECONDS} s" if is_up(lab, name) else "it ended"
    tail = last_words(lab, name, 12).replace("\n", "\n    ")
    raise LabError(f"virtual machine {name}: {why}; {lab.of_node(name, 'serial')} ends:\n    {tail}")


def stop(lab: Lab, name: str, clean: bool, seconds: float = 180) -> None:
    """Clean: the power button, and time to shut down. Otherwise a power cut."""
    if clean and is_up(lab, name):
        _press_power_button(lab, name)
        until = time.monotonic() + seconds
        while is_up(lab, name):
            if time.monotonic() > until:
                said = last_words(lab, name)
                raise LabError(f"virtual machine {name} does not shut down ({seconds:.0f} s; {said}): --pull-the-plug")
            time.sleep(0.2)
    net.end(lab.of_node(name, "pid"), QEMU, seconds=0)
    lab.of_node(name, "qmp").unlink(missing_ok=True)


def _press_power_button(lab: Lab, name: str) -> None:
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(str(lab.of_node(name, "qmp")))
        talk = s.makefile("rw")
        talk.readline()  # its greeting
        for command in ("qmp_capabilities", "system_powerdown"):
            talk.write(json.dumps({"execute": command}) + "\n")
            talk.flush()
            while "return" not in (answer := json.loads(talk.readline())):
                if "error" in answer:
                    raise LabError(f"virtual machine {name}: {answer['error']}")


def forget(lab: Lab, name: str) -> None:
    for kind in KINDS:
        lab.of_node(name, kind).unlink(missing_ok=True)
