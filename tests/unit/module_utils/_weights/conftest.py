# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small model with its manifest and stamp."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    MANIFEST,
    Entry,
    Manifest,
    write_stamp,
)


@pytest.fixture
def installed(tmp_path):
    files = [Entry("sub/a", 1, "a" * 64), Entry("b", 1, "b" * 64)]
    for file in files:
        (tmp_path / file.path).parent.mkdir(exist_ok=True)
        (tmp_path / file.path).write_bytes(b"x")
    manifest = Manifest("o/m", "master", files)
    manifest.save(str(tmp_path / MANIFEST))
    write_stamp(str(tmp_path), manifest, [], [])
    return tmp_path
