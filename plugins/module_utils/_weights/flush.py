# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes that must be on the disk before a file gets its final name."""

from __future__ import annotations

import ctypes
import os
from typing import Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.job import Job


def flush(dest: str, batch: Sequence[Job]) -> None:
    """Returns when the bytes of all these files are on the disk."""
    if len(batch) > 8 and _syncfs(dest):
        return
    for job in batch:
        os.fsync(job.handle)


def _syncfs(path: str) -> bool:
    try:
        call = ctypes.CDLL(None, use_errno=True).syncfs
    except (OSError, AttributeError):
        return False
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return bool(call(handle) == 0)
    finally:
        os.close(handle)
