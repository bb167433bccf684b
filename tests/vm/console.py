# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A person at the console: reads what the screen shows, presses keys."""

from __future__ import annotations

import re
import socket
import threading
import time
from pathlib import Path

ENTER, DOWN = "\r", "\x1b[B"


class Console:
    """The serial line of a virtual machine. Read all the time: firmware drops what it can't write at once."""

    def __init__(self, path: Path) -> None:
        self.line = socket.socket(socket.AF_UNIX)
        self.line.connect(str(path))
        self.shown = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while data := self.line.recv(65536):
            self.shown += data.decode(errors="replace")

    def until(self, text: str, seconds: float = 300, still: bool = True) -> None:
        """Wait until the text has appeared and the screen stands still; forget what came before."""
        until = time.monotonic() + seconds
        while text not in plain(self.shown):
            assert time.monotonic() < until, f"the console does not show '{text}', but:\n{plain(self.shown)[-1500:]}"
            time.sleep(0.1)
        drawn = "" if still else self.shown
        while drawn != self.shown:
            drawn = self.shown
            time.sleep(1)
        self.shown = ""
        print(f"    console: {text}", flush=True)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.line.sendall(key.encode())
            time.sleep(0.5)

    def close(self) -> None:
        self.line.shutdown(socket.SHUT_RDWR)
        self.line.close()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?=]*[A-Za-z]|[\x00-\x09\x0b-\x1f]", "", text)
