# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small file that says how far a long job is, for whoever watches it."""

from __future__ import annotations

import json
import time
from typing import Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic


def describe(done: int, total: int, seconds: float) -> str:
    """`1.2 of 3.2 GB, 61 MB/s, 33 s left`."""
    rate = done / seconds if seconds > 0 else 0.0
    text = f"{done / 1e9:.1f} GB" if not total else f"{done / 1e9:.1f} of {total / 1e9:.1f} GB"
    text += f", {rate / 1e6:.0f} MB/s"
    if total and rate > 0:
        text += f", {max(0, total - done) / rate:.0f} s left"
    return text


class Reporter:
    """Writes the file at most once a second."""

    def __init__(self, path: Optional[str], what: str) -> None:
        self.path, self.what = path, what
        self.began, self.last = time.monotonic(), 0.0

    def text(self, line: str) -> None:
        """Reports a line."""
        if self.path:  # nobody watches a module that runs by itself
            self.last = time.monotonic()
            write_atomic(self.path, json.dumps({"line": f"{self.what}: {line}"}), 0o600)

    def bytes(self, done: int, total: int) -> None:
        """Reports bytes of a total."""
        now = time.monotonic()
        if now - self.last >= 1:
            self.text(describe(done, total, now - self.began))
