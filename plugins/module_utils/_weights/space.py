# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what is missing fits on the disk, before the first byte is fetched."""

from __future__ import annotations

import os

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sizes import size_text

SPARE = 64 << 20  # bytes left free for the journal and others


def check_space(dest: str, need: int, files: int, model: str) -> None:
    """Refuses a download that does not fit (LLM101). `need` in bytes."""
    if not need:
        return
    path = dest
    while not os.path.isdir(path):
        path = os.path.dirname(os.path.abspath(path))
    state = os.statvfs(path)
    free = state.f_bavail * state.f_frsize
    if free < need + SPARE:
        raise Refusal("LLM101", path=path, free=size_text(free), needed=size_text(need + SPARE), model=model)
    if state.f_files and state.f_favail < files + 16:
        left, wanted = f"{state.f_favail} inodes", f"{files} inodes"
        raise Refusal("LLM101", path=path, free=left, needed=wanted, model=model)
