# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicted speeds as pictures: well formed, and nothing that a strict page would not show."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.html import page
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.speed_html import (
    LEFT,
    RIGHT,
    WIDTH,
    picture,
    speed_section,
)

from tests.sizing.common import declared, plan


def test_pictures_of_speeds_and_layouts(catalog):
    made = plan(catalog, declared("rtx-4090-24g", 4), profile="standard", concurrency=4)
    content = page(made)
    drawn = re.findall(r"<svg.*?</svg>", content)
    assert len(drawn) == 4 and "class='two short'" in content and "width=device-width" in content
    for each in drawn:
        root = ElementTree.fromstring(each)
        assert root.get("aria-label")
        assert not re.search(r"style=|href|url\(|<script|<image|https?:", each)
    bars = ElementTree.fromstring(drawn[3]).findall("rect")
    assert len(bars) == 2 * (1 + len(made["alternatives"]))
    for served, found in made["speed"].items():
        assert served in content and f"answers of {found['answer_tokens']}" in content


def test_bars_stay_in_the_picture():
    for bars in ([], [("a", [0.0, 0.0], "red")], [("a", [1.0, 9e9], "red"), ("b", [-1.0, 2.0], "red")]):
        root = ElementTree.fromstring(picture("t", bars))
        for bar in root.findall("rect"):
            assert float(bar.get("x")) + float(bar.get("width")) <= WIDTH - RIGHT + 0.1
            assert float(bar.get("x")) == LEFT and float(bar.get("width")) >= 0


def test_names_are_escaped_and_plans_without_are_silent(catalog):
    made = plan(catalog, declared("", 0, memory_gib=24), profile="lab")
    made["speed"] = {"<b>x": made["speed"]["tiny-r1-distill"]}
    assert "<b>x" not in "".join(speed_section(made)) and "&lt;b&gt;x" in page(made)
    del made["speed"]
    assert speed_section(made) == [] and "<svg" not in page(made)
