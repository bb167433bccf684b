# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan's walk to the unit files stays short (tests/sizing/walk.py says what is counted)."""

from __future__ import annotations

import pytest

from tests.sizing.walk import WISHES, walk

# Functions and files before the plan spoke of units: 32 in 11, 34 in 12, 37 in 12. No more than half of the functions.
MOST = {"one engine": (16, 8), "two copies of a model": (16, 8), "two models": (18, 8)}


@pytest.mark.parametrize("title", WISHES)
def test_the_walk_is_short(title):
    found = walk(**WISHES[title])
    functions, files = MOST[title]
    advice = "give a helper the part it needs, not the wish, the plan or a unit"
    assert len(found) <= functions, f"{advice}: {sorted(found)}"
    assert len({file for file, _name in found}) <= files
