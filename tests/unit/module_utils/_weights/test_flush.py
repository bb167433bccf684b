# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes are on the disk before a file gets its name."""

from __future__ import annotations

import types

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import flush as core


@pytest.mark.parametrize(("count", "whole", "each"), [(1, True, 1), (8, True, 8), (9, True, 0), (9, False, 9)])
def test_few_files_are_flushed_one_by_one_and_many_with_their_file_system(monkeypatch, count, whole, each):
    flushed, asked = [], []
    monkeypatch.setattr(core.os, "fsync", flushed.append)
    monkeypatch.setattr(core, "_syncfs", lambda path: asked.append(path) or whole)
    core.flush("/d", [types.SimpleNamespace(handle=number) for number in range(count)])
    assert flushed == list(range(each)) and asked == (["/d"] if count > 8 else [])


def test_a_file_system_says_whether_it_was_flushed(tmp_path, monkeypatch):
    assert core._syncfs(str(tmp_path)) is True

    class Libc:
        def __init__(self, *_args, **_more):
            self.syncfs = lambda _handle: -1

    monkeypatch.setattr(core.ctypes, "CDLL", Libc)
    assert core._syncfs(str(tmp_path)) is False
    monkeypatch.setattr(core.ctypes, "CDLL", lambda *_args, **_more: object())
    assert core._syncfs(str(tmp_path)) is False
