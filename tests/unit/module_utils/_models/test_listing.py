# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lists are followed. The attacks stand in tests/attack/quick/test_weights_lists.py."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.listing import (
    MOST_BYTES,
    Unfit,
    judge,
    printable,
    unsafe,
    whole,
)

A = "a" * 64


@pytest.mark.parametrize(
    "path",
    ["config.json", "sub/a b.txt", ".gitattributes", "模型/说明.md", "a..b", "..a", "-rf", "x" * 250, "e\u0301.txt"],
)
def test_honest_paths(path):
    assert unsafe(path) == "" and judge([(path, 1, A)]) == [(path, 1, A)]


def test_the_order_stays_and_a_row_told_twice_is_one():
    assert judge([("b", 1, A.upper()), ("a", 0, None), ("b", 1, A)]) == [("b", 1, A), ("a", 0, "")]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("a", 1, A), ("a", 2, A)], "listed twice"),
        ([("a", 1, A), ("A", 1, A)], "capitals"),
        ([("\u00e9", 1, A), ("e\u0301", 1, A)], "capitals"),
        ([("a/b", 1, A), ("A", 1, A)], "file and a directory"),
        ([(str(number), MOST_BYTES, A) for number in range(2)], "in all"),
        ([("a", 1.0, A)], "size"),
    ],
)
def test_lists_that_contradict_themselves(rows, says):
    with pytest.raises(Unfit, match=says):
        judge(rows)


def test_a_strangers_words_move_no_cursor():
    assert printable("a\x1b[2J\nb\u202e" + "x" * 400, 8) == "a?[2J?b?"


@pytest.mark.parametrize(("sent", "read"), [(26, 26), ("26", 26), (26.0, 26), ("0", 0), (4e9, 4 * 10**9)])
def test_numbers_as_hubs_write_them(sent, read):
    assert whole(sent) == read and isinstance(whole(sent), int)


NO_NUMBERS = [True, None, "", "-1", "2.5", 2.5, "1e3", "26 ", "26\n", "\u0662\u0666", "9" * 19, float("nan"), [26]]


@pytest.mark.parametrize("sent", NO_NUMBERS)
def test_what_is_no_number_stays_what_it_is(sent):
    assert whole(sent) is sent
