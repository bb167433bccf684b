# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A chain of records: whatever is changed, taken away, put in or moved is named."""

from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import chain as core


def made(count: int, key: str = "first", every: int = 3) -> list[str]:
    """Lines of a chain with a seal after each `every` records."""
    place, found, index = core.Place(), [], 0
    for number in range(count):
        record = {"kind": "begin", "after": core.START} if number == 0 else {"kind": "api", "model": f"m{number}"}
        line, place = core.line_of(record, place)
        found.append(line)
        if number % every == every - 1:
            line, place = core.line_of(core.seal(key, index, place), place)
            found.append(line)
            key, index = core.next_key(key), index + 1
    return found


def told(lines, key=""):
    return core.check(((f"f:{n}", line) for n, line in enumerate(lines, 1)), key)


def test_an_untouched_chain_is_whole():
    lines = made(9)
    found = told(lines, "first")
    assert found.problems == [] and (found.records, found.seals, found.first) == (12, 3, 1)
    assert found.head.number == 12 and json.loads(lines[-1])["hash"] == found.head.digest


@pytest.mark.parametrize("key", ["", "first"])
@pytest.mark.parametrize(
    ("touch", "where"),
    [
        (lambda rows: [*rows[:4], rows[4].replace("m3", "m7"), *rows[5:]], "f:5: record 5 was changed"),
        (lambda rows: [rows[0].replace("begin", "began"), *rows[1:]], "f:1: record 1 was changed"),
        (lambda rows: rows[:4] + rows[5:], "f:5: records 5-5 are missing"),
        (lambda rows: [*rows[:4], rows[5], rows[4], *rows[6:]], "f:5: records 5-5 are missing"),
        (lambda rows: [*rows[:4], rows[4], *rows[4:]], "f:6: records 5 are missing or moved"),
        (lambda rows: [*rows[:-1], rows[-1][:30]], "f:12: no record"),
        (lambda rows: [*rows[:-1], rows[-1].rstrip("\n")], "f:12: no record"),
        (lambda rows: rows[4:], "records up to 4 are gone"),
    ],
)  # fmt: skip
def test_a_touched_line_is_named(touch, where, key):
    found = told(touch(made(9)), key)
    said = [f"{place}: {what.en}" for place, what in found.problems]
    assert any(where in row for row in said), said


def test_a_chain_that_was_made_anew_has_no_seals_of_ours():
    assert told(made(9, key="forged"), "").problems == []
    found = told(made(9, key="forged"), "first")
    assert len(found.problems) == 3 and found.problems[0][1].en == "the seal of record 4 is not ours"


def test_an_older_key_is_not_had_from_a_later_one():
    later = core.next_key("first")
    assert told(made(9), later).problems and later != core.next_key(later) != "first"


def test_what_the_rule_removed_is_no_hole():
    lines = made(3)
    place = told(lines).head
    line, after = core.line_of({"kind": "begin", "after": place.digest}, place)
    gone = {"kind": "removed", "upto": place.number, "digest": place.digest}
    second, _place = core.line_of(gone, after)
    assert told([line, second]).problems == []
    other, _place = core.line_of({**gone, "digest": "0" * 64}, after)
    assert "no rule removed them" in told([line, other]).problems[0][1].en
    assert "no rule removed them" in told([line]).problems[0][1].en


def test_many_problems_are_cut():
    assert len(told(["x\n"] * 500).problems) == core.MOST_PROBLEMS


def test_what_is_no_record_is_nothing():
    assert [core.parse(text) for text in ("", "[]", '{"n":1}', '{"n":"1","hash":"' + "0" * 64 + '"}')] == [None] * 4
