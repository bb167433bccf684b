# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import plots as core


def circles(drawn: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"cx='([\d.]+)' cy='([\d.]+)'", drawn)]


def test_a_curve_begins_at_nothing_and_ends_at_its_most():
    drawn = core.chart([("a", [(1, 5), (4, 10)])], "n")
    [one, two] = circles(drawn)
    assert one[0] < two[0] and one[1] > two[1] == core.HEAD
    [origin] = circles(core.chart([("a", [(0, 0)])], "n"))
    assert origin == (core.LEFT, core.HIGH - core.FOOT)


def test_points_lie_where_the_axes_say():
    [point] = circles(core.chart([("a", [(5, 30)]), ("b", [])], "n"))
    # both axes end at the highest value, so the point is in the corner
    assert point == (core.WIDE - core.RIGHT, core.HEAD)


def test_names_at_the_ends_do_not_lie_on_each_other():
    drawn = core.chart([(name, [(1, 10.0), (2, 10.0 + at / 100)]) for at, name in enumerate("abc")], "n")
    at = sorted(float(y) for y, _name in re.findall(r"y='([\d.]+)' text-anchor='start' fill='[^']+'>([abc])<", drawn))
    assert len(at) == 3 and all(low + core.APART <= high + 0.11 for low, high in zip(at, at[1:]))


def test_a_long_line_has_no_dots_and_what_is_named_cannot_write_the_picture():
    drawn = core.chart([("<b>", [(n, n % 7) for n in range(600)])], "s")
    assert not circles(drawn) and "&lt;b&gt;" in drawn
    ElementTree.fromstring(drawn)
    ElementTree.fromstring(core.chart([], "n"))


@pytest.mark.parametrize(
    ("most", "marks"),
    [
        (10, [0, 2, 4, 6, 8, 10]),
        (135, [0, 50, 100, 150]),
        (1578, [0, 500, 1000, 1500, 2000]),
        (0.3, [0, 0.1, 0.2, 0.3]),
        (4, [0, 1, 2, 3, 4]),
    ],
)
def test_an_axis_has_round_numbers(most, marks):
    assert core.steps(most) == pytest.approx(marks)


@pytest.mark.parametrize("most", [0, 0.001, 1, 7, 99.9, 100, 100.1, 12345, 7e6])
def test_an_axis_reaches_its_most_in_few_steps(most):
    marks = core.steps(most)
    assert marks[0] == 0 and marks[-1] >= most * 0.999 and 2 <= len(marks) <= core.PARTS + 2
