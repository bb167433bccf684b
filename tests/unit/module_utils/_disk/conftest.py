# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree as a baked and used machine leaves it."""

from __future__ import annotations

import pytest

from tests.unit.module_utils._disk.used_tree import LEFT, STAYS


@pytest.fixture
def tree(tmp_path):
    for path in [*LEFT.values(), *STAYS, "etc/apt/sources.list"]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("0123456789abcdef0123456789abcdef\n")
    return tmp_path
