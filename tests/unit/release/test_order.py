# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for an order that packs better."""

from __future__ import annotations

import random
import zlib

from release import order

WORDS = [bytes(random.Random(seed).choices(range(33, 127), k=9_000)) for seed in range(6)]
TEXTS = [*WORDS, *(text + b"more" for text in WORDS)]


def packed(places: list[int]) -> int:
    return len(zlib.compress(b"".join(TEXTS[place] for place in places), 9))


def test_like_files_come_together_and_none_is_lost():
    found = list(order.better(TEXTS, 4))
    assert found == list(order.better(TEXTS, 4)) and len(found) == 4
    assert [sorted(row) for row in found] == [list(range(12))] * 4
    assert [abs(found[-1].index(one) - found[-1].index(one + 6)) for one in range(6)] == [1] * 6
    assert packed(found[-1]) < 0.6 * packed(list(range(12)))
    assert list(order.better([], 1)) == [[]]


def test_files_are_alike_by_what_they_share():
    assert [row[0] for row in order.alike(TEXTS)] == [*range(6, 12), *range(6)]
    assert order.alike([b"", b"a"]) == [[], []]


def test_what_is_packed_ends_where_the_window_does():
    near, far = [1, 0], [1, 2, 3, 4, 5, 0]
    assert order.deflated(TEXTS, near, 1, 1) > order.deflated(TEXTS, [6, 0], 1, 1) * 20
    assert order.deflated(TEXTS, [6, *far], 6, 1) > order.deflated(TEXTS, [6, 0], 1, 1) * 20
