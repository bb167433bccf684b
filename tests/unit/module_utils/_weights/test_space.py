# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Space for what is missing."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.space import check_space

SPARE = 64 << 20  # what stays free


def test_what_fits_and_what_does_not(tmp_path):
    below = str(tmp_path / "not/there/yet")
    check_space(below, 0, 5, "o/m")
    check_space(below, 1, 5, "o/m")
    for need, files in ((1 << 60, 5), (1, 1 << 50)):
        with pytest.raises(Refusal) as caught:
            check_space(below, need, files, "o/m")
        assert caught.value.rule == "LLM101"


class Disk:
    f_frsize = 4096

    def __init__(self, blocks, files, free_files):
        self.f_bavail, self.f_files, self.f_favail = blocks, files, free_files


@pytest.mark.parametrize(("blocks", "files", "free_files", "fits"), [
    ((SPARE + (1 << 20)) // 4096, 1000, 21, True), ((SPARE + (1 << 20)) // 4096 - 1, 1000, 21, False),
    (1 << 30, 1000, 20, False), (1 << 30, 0, 0, True),  # a file system that counts no inodes
])  # fmt: skip
def test_room_for_the_bytes_some_spare_and_the_names(tmp_path, monkeypatch, blocks, files, free_files, fits):
    monkeypatch.setattr(os, "statvfs", lambda _path: Disk(blocks, files, free_files))
    if fits:
        return check_space(str(tmp_path), 1 << 20, 5, "o/m")
    with pytest.raises(Refusal) as caught:
        check_space(str(tmp_path), 1 << 20, 5, "o/m")
    assert ("inodes" in caught.value.reason.en) == (blocks == 1 << 30)
    return None
