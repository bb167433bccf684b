# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only way in which the readers look at a machine.

Readers ask a `Host` for files, links and command outputs, and get None where there is nothing.
`Host` reads the machine it runs on; `Capture` answers from a recorded dict, which tests and support use.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import subprocess
import sys
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import SAFE_PATH

READ_LIMIT = 4 * 1024 * 1024


class Output(NamedTuple):
    """What a command printed, and its exit status."""

    rc: int
    out: str
    err: str


class Space(NamedTuple):
    """What statvfs says about a file system, in bytes and inodes."""

    size: int
    available: int
    inodes: int
    inodes_available: int


class Host:
    """The machine this code runs on. No method raises; missing is None or empty."""

    def read_bytes(self, path: str) -> Optional[bytes]:
        """The content of a file; None where it can't be read."""
        try:
            with open(path, "rb") as stream:
                return stream.read(READ_LIMIT)
        except (OSError, ValueError):
            return None

    def read(self, path: str) -> Optional[str]:
        """The content of a file as text; None where it can't be read."""
        data = self.read_bytes(path)
        return None if data is None else data.decode("utf-8", "replace")

    def names(self, path: str) -> List[str]:
        """The names in a folder, in order; empty where it can't be read."""
        try:
            return sorted(os.listdir(path))
        except (OSError, ValueError):
            return []

    def exists(self, path: str) -> bool:
        return os.path.lexists(path)

    def link(self, path: str) -> Optional[str]:
        """Where a link points, as it is written in the link; None for anything else."""
        try:
            return os.readlink(path)
        except (OSError, ValueError):
            return None

    def resolve(self, path: str) -> str:
        """The path with every link followed."""
        return os.path.realpath(path)

    def device(self, path: str) -> Optional[str]:
        """`major:minor` of a character device; None for anything else."""
        try:
            info = os.stat(path)
        except (OSError, ValueError):
            return None
        return f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}" if stat.S_ISCHR(info.st_mode) else None

    def synchronized(self) -> Optional[bool]:
        """Whether the kernel says that its clock is synchronized (adjtimex(2)); None where it can't be asked."""
        return _kept_clock()

    def space(self, path: str) -> Optional[Space]:
        """Size and free space of the file system that holds the path; None where it can't be asked."""
        try:
            info = os.statvfs(path)
        except (OSError, ValueError):
            return None
        unit = info.f_frsize or info.f_bsize
        return Space(info.f_blocks * unit, info.f_bavail * unit, info.f_files, info.f_favail)

    def which(self, name: str) -> Optional[str]:
        """The path of a command on PATH; None where there is none."""
        return shutil.which(name, path=SAFE_PATH)

    def run(self, argv: Sequence[str], timeout: float = 5.0) -> Optional[Output]:
        """Runs a command for at most `timeout` seconds; None when it is missing or did not end in time."""
        path = self.which(argv[0])
        if path is None:
            return None
        env = {"PATH": SAFE_PATH, "LC_ALL": "C", "LANG": "C", "HOME": "/nonexistent"}
        try:
            done = subprocess.run(
                [path, *argv[1:]], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, env=env, check=False
            )
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        return Output(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


class Capture(Host):
    """A recorded machine: {files, links, spaces, devices, commands, directories, synchronized}.

    A command's key is its words joined by one space; its value is its output, or {rc, out, err}.
    """

    def __init__(self, data: Dict[str, Any]) -> None:
        self.files: Dict[str, str] = data.get("files", {})
        self.links: Dict[str, str] = data.get("links", {})
        self.spaces: Dict[str, List[int]] = data.get("spaces", {})
        self.devices: Dict[str, str] = data.get("devices", {})
        self.kept: Optional[bool] = data.get("synchronized")
        self.commands: Dict[str, Any] = data.get("commands", {})
        self.directories: List[str] = data.get("directories", [])

    def _paths(self) -> List[str]:
        return [*self.files, *self.links, *self.devices, *self.directories]

    def read_bytes(self, path: str) -> Optional[bytes]:
        text = self.files.get(path)
        return None if text is None else text.encode("utf-8", "surrogateescape")

    def names(self, path: str) -> List[str]:
        start = path.rstrip("/") + "/"
        return sorted({p[len(start) :].split("/")[0] for p in self._paths() if p.startswith(start) and p != start})

    def exists(self, path: str) -> bool:
        path = path.rstrip("/")
        return any(p.rstrip("/") == path or p.startswith(path + "/") for p in self._paths())

    def link(self, path: str) -> Optional[str]:
        return self.links.get(path)

    def resolve(self, path: str) -> str:
        target = self.links.get(path)
        return path if target is None else os.path.normpath(os.path.join(os.path.dirname(path), target))

    def device(self, path: str) -> Optional[str]:
        return self.devices.get(path)

    def synchronized(self) -> Optional[bool]:
        return self.kept

    def space(self, path: str) -> Optional[Space]:
        values = self.spaces.get(path)
        return None if values is None else Space(*values)

    def which(self, name: str) -> Optional[str]:
        for folder in SAFE_PATH.split(":"):
            path = folder + "/" + name
            if path in self.files or path in self.links:
                return path
        return "/usr/bin/" + name if any(key.split(" ")[0] == name for key in self.commands) else None

    def run(self, argv: Sequence[str], timeout: float = 5.0) -> Optional[Output]:
        found = self.commands.get(" ".join(argv))
        if found is None:
            return None
        if isinstance(found, str):
            return Output(0, found, "")
        return Output(int(found.get("rc", 0)), str(found.get("out", "")), str(found.get("err", "")))


class Recorder(Host):
    """Reads the machine and remembers every answer, so that `Capture` can repeat it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.files: Dict[str, str] = {}
        self.links: Dict[str, str] = {}
        self.spaces: Dict[str, Tuple[int, ...]] = {}
        self.devices: Dict[str, str] = {}
        self.kept: Optional[bool] = None
        self.commands: Dict[str, Dict[str, Any]] = {}
        self.directories: List[str] = []

    def data(self) -> Dict[str, Any]:
        return {
            "files": self.files,
            "links": self.links,
            "spaces": {path: list(values) for path, values in self.spaces.items()},
            "devices": self.devices,
            "synchronized": self.kept,
            "commands": self.commands,
            "directories": sorted(set(self.directories)),
        }

    def read_bytes(self, path: str) -> Optional[bytes]:
        data = self.host.read_bytes(path)
        if data is not None:
            self.files[path] = data.decode("utf-8", "surrogateescape")
        return data

    def names(self, path: str) -> List[str]:
        found = self.host.names(path)
        self.directories += [path.rstrip("/") + "/" + name for name in found]
        return found

    def exists(self, path: str) -> bool:
        found = self.host.exists(path)
        if found:
            self.directories.append(path)
        return found

    def link(self, path: str) -> Optional[str]:
        target = self.host.link(path)
        if target is not None:
            self.links[path] = target
        return target

    def resolve(self, path: str) -> str:
        target = self.host.resolve(path)
        if target != path:
            self.links[path] = target
        return target

    def device(self, path: str) -> Optional[str]:
        found = self.host.device(path)
        if found is not None:
            self.devices[path] = found
        return found

    def synchronized(self) -> Optional[bool]:
        self.kept = self.host.synchronized()
        return self.kept

    def space(self, path: str) -> Optional[Space]:
        found = self.host.space(path)
        if found is not None:
            self.spaces[path] = tuple(found)
        return found

    def which(self, name: str) -> Optional[str]:
        path = self.host.which(name)
        if path is not None:
            self.directories.append(path)
            self.links.setdefault(path, path)
        return path

    def run(self, argv: Sequence[str], timeout: float = 5.0) -> Optional[Output]:
        found = self.host.run(argv, timeout)
        if found is not None:
            self.commands[" ".join(argv)] = dict(found._asdict())
        return found


def _kept_clock() -> Optional[bool]:
    """STA_UNSYNC of the status in `struct timex`; the call with modes = 0 only reads."""
    buffer = ctypes.create_string_buffer(512)
    try:
        if ctypes.CDLL(None, use_errno=True).adjtimex(buffer) < 0:
            return None
    except (OSError, AttributeError):
        return None
    step = ctypes.sizeof(ctypes.c_long)  # modes, offset, freq, maxerror, esterror, status
    status = int.from_bytes(buffer.raw[5 * step : 5 * step + 4], sys.byteorder)
    return not status & 0x40


def first_line(text: Optional[str]) -> Optional[str]:
    """The first line that is not empty, without blanks around it; None where there is none."""
    for line in (text or "").splitlines():
        if line.strip():
            return line.strip()
    return None


def number(text: Optional[str]) -> Optional[int]:
    """The integer that a text starts with (decimal or 0x…); None where it starts with none."""
    word = ((text or "").split() or [""])[0]
    try:
        return int(word, 16) if word.lower().startswith("0x") else int(float(word))
    except (ValueError, OverflowError):
        return None
