# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A person at the console: reads what the screen shows, presses keys."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

ENTER, DOWN = "\r", "\x1b[B"


class Console:
    """The serial line of a virtual machine."""

    def __init__(self, path: Path) -> None:
        self.line = socket.socket(socket.AF_UNIX)
        self.line.connect(str(path))
        self.line.settimeout(1)
        self.shown = ""

    def read(self) -> None:
        try:
            self.shown += self.line.recv(65536).decode(errors="replace")
        except TimeoutError:
            return

    def until(self, text: str, seconds: float = 300) -> None:
        """Wait until the text has appeared, and forget what came before."""
        until = time.monotonic() + seconds
        while text not in plain(self.shown):
            assert time.monotonic() < until, f"the console does not show '{text}', but:\n{plain(self.shown)[-1500:]}"
            self.read()
        print(f"    console: {text}", flush=True)
        time.sleep(1)  # a menu is drawn before it listens
        self.read()
        self.shown = ""

    def press(self, *keys: str) -> None:
        for key in keys:
            self.line.sendall(key.encode())
            time.sleep(0.5)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?=]*[A-Za-z]|[\x00-\x09\x0b-\x1f]", "", text)
