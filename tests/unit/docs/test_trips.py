# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of round trips says one thing: its sums, its rows, its picture and the bound of the test."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([\w. ]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)


def said(row: str) -> tuple[int, int]:
    found = re.search(rf"^\| {re.escape(row)} \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert found, row
    return int(found[1]), int(found[2])


def test_the_sums_are_those_of_the_rows():
    before = [sum(int(row[part]) for row in ROW.findall(PAGE)) for part in (1, 2, 3)]
    now = [sum(int(row[part]) for row in ROW.findall(PAGE)) for part in (4, 5, 6)]
    assert said("tasks that are executed") == (before[0], now[0])
    assert said("of these, that go to the node") == (before[1], now[1])
    assert said("round trips (a command or a file over the connection)") == (before[2], now[2])


def test_the_picture_is_drawn_from_the_page():
    spec = importlib.util.spec_from_file_location("trips", ROOT / "docs/images/trips.py")
    drawing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawing)
    picture = (ROOT / "docs/images/trips.svg").read_text(encoding="utf-8")
    assert picture == drawing.picture(PAGE) + "\n", "docs/images/trips.py >docs/images/trips.svg"


def test_the_bound_is_that_of_the_test():
    text = (ROOT / "tests/e2e/test_30_converged.py").read_text(encoding="utf-8")
    bounds = [re.search(rf"^{name} = (\d+)", text, re.MULTILINE)[1] for name in ("MOST_TASKS", "MOST_TRIPS")]
    assert "{} tasks and {} trips".format(*bounds) in PAGE
