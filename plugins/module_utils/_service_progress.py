# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small file that says how far a long job is, for whoever watches."""

from __future__ import annotations

import json
import time
from typing import Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._service_files import write_atomic


def describe(done: int, total: int, seconds: float) -> str:
    """`1.2 of 3.2 GB, 61 MB/s, 33 s left`."""
    rate = done / seconds if seconds > 0 else 0.0
    text = "{0:.1f} GB".format(done / 1e9) if not total else "{0:.1f} of {1:.1f} GB".format(done / 1e9, total / 1e9)
    text += ", {0:.0f} MB/s".format(rate / 1e6)
    if total and rate > 0:
        text += ", {0:.0f} s left".format(max(0, total - done) / rate)
    return text


class Reporter:
    """Writes at most once a second."""

    def __init__(self, path: Optional[str], what: str) -> None:
        self.path, self.what = path, what
        self.began, self.last = time.monotonic(), 0.0

    def text(self, line: str) -> None:
        if self.path:
            self.last = time.monotonic()
            write_atomic(self.path, json.dumps({"line": "{0}: {1}".format(self.what, line)}), 0o600)

    def bytes(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.last >= 1:
            self.text(describe(done, total, now - self.began))
