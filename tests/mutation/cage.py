# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where mutants run: nothing can be written but a folder in memory, nothing reached but loopback, no process seen but
their own. A mutant of code that deletes files must not meet any. Entered in fresh namespaces, made by `unshare`."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import socket
import struct
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = -100, 0x8000, 1
SYS_MOUNT_SETATTR = 442
MS_BIND = 4096
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def _worked(result: int, what: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _mount(source: str, target: Path, kind: str | None, flags: int) -> None:
    result = LIBC.mount(source.encode(), str(target).encode(), kind and kind.encode(), ctypes.c_ulong(flags), None)
    _worked(result, f"mount on {target}")


def _read_only(path: str) -> None:
    wanted = struct.pack("QQQQ", MOUNT_ATTR_RDONLY, 0, 0, 0)
    result = LIBC.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path.encode(), AT_RECURSIVE, wanted, len(wanted))
    _worked(result, f"{path} could not be made read-only")


def _loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        asked = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(sock, SIOCGIFFLAGS, asked))[1]
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def enter(root: Path, files: list[str], scratch: Path) -> tuple[Path, Path]:
    """The copy that tests run in, read-only, and the same files where only the runner writes."""
    _loopback()
    _read_only("/")
    _mount("mutants", scratch, "tmpfs", 0)
    source, copy, home = scratch / "source", scratch / "copy", scratch / "home"
    for folder in (source, copy, home, home / "tmp"):
        folder.mkdir()
    for name in files:
        if (root / name).is_symlink() or (root / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, source / name, follow_symlinks=False)
    _mount(str(source), copy, None, MS_BIND)
    _read_only(str(copy))
    os.environ.update(
        HOME=str(home), TMPDIR=str(home / "tmp"), XDG_CACHE_HOME=str(home), XDG_RUNTIME_DIR=str(home),
        HYPOTHESIS_STORAGE_DIRECTORY=str(home / "hypothesis"), ANSIBLE_HOME=str(home / "ansible"),
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
    )  # fmt: skip
    os.chdir(copy)
    try:
        Path("/var/tmp/mutants-must-not-write-here").touch()
    except OSError:
        return source, copy
    raise SystemExit("the machine outside is still writable: no mutant is run")
