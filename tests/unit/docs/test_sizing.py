# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on what to buy says what the planner computes today, in its tables and its pictures."""

from __future__ import annotations

import re

import pytest

from tests.sizing import buying


@pytest.mark.parametrize("name", buying.FILES)
def test_it_is_current(name):
    language, written = buying.FILES[name]
    assert (buying.DOCS / name).read_text(encoding="utf-8") == written(language), "python -m tests.sizing.buying"


def test_the_quickstart_says_the_same_of_its_example():
    text = (buying.DOCS / "sizing.md").read_text(encoding="utf-8")
    [row] = re.findall(r"^\| `standard` \|.*$", text, re.MULTILINE)
    at_once, longest, users = [cell.strip() for cell in row.split("|")[4:7]]
    english = (buying.DOCS / "quickstart.md").read_text(encoding="utf-8")
    chinese = (buying.DOCS / "quickstart.zh.md").read_text(encoding="utf-8")
    assert (at_once, longest, users) == ("16", "4", "160")
    assert "four requests at once" in english and f"{at_once} at once as planned" in english
    assert f"about {users} users" in english
    assert (
        f"同时只有 {longest} 个请求" in chinese and f"方案并发 {at_once}" in chinese and f"约 {users} 用户" in chinese
    )


def test_a_bar_is_the_whole_card():
    planned = buying.made(buying.load_catalog(), "standard")
    parts = buying.shares(planned)
    assert sum(parts.values()) == pytest.approx(buying.first_unit(planned)["memory"]["per_gpu_gib"]["total"])
    assert all(value > 0 for value in parts.values())
