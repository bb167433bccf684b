# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a virtual machine: modules of its kernel's package under NVIDIA's names, signed as dkms signs, or not at all.

They load and do nothing with a card. What is real: how the kernel, modprobe and systemd treat such a file.
"""

from __future__ import annotations

import lzma
import os
import struct
import subprocess
from pathlib import Path

MAGIC = b"~Module signature appended~\n"
KEY = "/var/lib/dkms/mok"  # where dkms keeps its own
STAND_INS = {"nvidia": "dummy", "nvidia_uvm": "ifb"}
VERSION = b"version=550.163.01\0"
SELF = ".gnu.linkonce.this_module"
NAME_AT = 24  # offset of the name in struct module: after its state and its place in the list


def sh(text: str) -> str:
    return subprocess.run(text, shell=True, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def unsigned(module: str) -> bytes:
    """A module of the distribution without its signature."""
    file = sh(f"modinfo -n {module}")
    data = Path(file).read_bytes()
    data = lzma.decompress(data) if file.endswith(".xz") else data
    assert data.endswith(MAGIC), file
    length = struct.unpack(">I", data[-len(MAGIC) - 4 : -len(MAGIC)])[0]
    return data[: -len(MAGIC) - 12 - length]


def renamed(data: bytes, old: str, new: str) -> bytes:
    Path("old.ko").write_bytes(data)
    sh(f"objcopy --dump-section .modinfo=info --dump-section {SELF}=self old.ko")
    info, itself = Path("info").read_bytes(), bytearray(Path("self").read_bytes())
    assert itself[NAME_AT:].startswith(old.encode() + b"\0")
    itself[NAME_AT : NAME_AT + 32] = new.encode().ljust(32, b"\0")
    Path("self").write_bytes(itself)
    Path("info").write_bytes(info.replace(f"name={old}\0".encode(), f"name={new}\0".encode()) + VERSION)
    sh(f"objcopy --update-section .modinfo=info --update-section {SELF}=self old.ko new.ko")
    return Path("new.ko").read_bytes()


def signed(data: bytes) -> bytes:
    Path("body").write_bytes(data)
    sh(f"openssl x509 -inform DER -in {KEY}.pub -out cert.pem")
    how = f"-binary -noattr -nocerts -md sha256 -signer cert.pem -inkey {KEY}.key"
    sh(f"openssl cms -sign {how} -in body -outform DER -out sig")
    sig = Path("sig").read_bytes()
    return data + sig + struct.pack(">5B3xI", 0, 0, 2, 0, 0, len(sig)) + MAGIC


def main() -> None:
    os.makedirs("/root/modules", exist_ok=True)
    os.makedirs(os.path.dirname(KEY), exist_ok=True)
    os.chdir("/root/modules")
    sh(
        'openssl req -new -x509 -newkey rsa:2048 -nodes -days 365 -subj "/CN=DKMS module signing key" '
        f"-keyout {KEY}.key -outform DER -out {KEY}.pub 2>/dev/null"
    )
    place = Path("/lib/modules", os.uname().release, "updates/dkms")
    place.mkdir(parents=True, exist_ok=True)
    for name, source in STAND_INS.items():
        plain = unsigned(source)
        Path(f"{source}.ko").write_bytes(plain)
        (place / f"{name.replace('_', '-')}.ko").write_bytes(signed(renamed(plain, source, name)))
    sh("depmod -a")


main()
