# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as a page: well formed, and everything escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan import html
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.html import (
    LEFT,
    RIGHT,
    WIDTH,
    page,
    picture,
    speed_section,
)

from tests.sizing.common import declared, first_unit, plan
from tests.sizing.whole import FOLDER, PAGES, pages, with_pairs


def test_html_is_well_formed_and_escaped(catalog):
    made = plan(catalog, declared("h20-96g", 8, 2), profile="flagship", deployment="<script>x")
    content = page(made)
    assert "<script" not in content and content.count("class=bar") == 2, "cards that hold the same share a bar"
    assert "h1 GPU 0–7" in content or "n1 GPU 0–7" in content
    first, last = (stage["weights"] for stage in first_unit(made)["memory"]["stages_gib"])
    assert first != last and max(first, last) == first_unit(made)["memory"]["per_gpu_gib"]["weights"]
    assert content.count(f": {first} GiB") == content.count(f": {last} GiB") == 1
    HTMLParser().feed(content)
    assert "class=bar" not in page(plan(catalog, declared("", 0, memory_gib=24), profile="lab"))
    assert "GGUF" in page(plan(catalog, declared("a100-80g", 1, memory_gib=64), engine="llamacpp"))


def test_whole_pages(catalog):
    """An intended change: python -m tests.sizing.whole, and read the difference."""
    kept = {name: (FOLDER / f"{name}.html").read_text(encoding="utf-8") for name in PAGES}
    assert pages(with_pairs(catalog)) == kept


def test_what_is_below_nothing_has_no_width(catalog):
    made = plan(catalog, declared("rtx-4090-24g", 1), concurrency=4)
    parts = first_unit(made)["memory"]["per_gpu_gib"]
    parts["outside"], parts["margin"] = -0.5, 0.5 * parts["total"]
    first_unit(made)["memory"].pop("stages_gib", None)
    content = page(made)
    assert content.count("width:0.00%") == 1 and content.count("width:50.00%") == 1


def test_no_more_cards_are_drawn_than_say_something(catalog, monkeypatch):
    made = plan(catalog, declared("h20-96g", 8, 2), profile="flagship")
    monkeypatch.setattr(html, "MOST_ROWS", 1)
    assert page(made).count("class=bar") == 1


@pytest.mark.parametrize(
    ("numbers", "said"), [([0, 1, 2, 3], "0–3"), ([4, 0, 1, 6, 7], "0–1, 4, 6–7"), ([5], "5"), ([], "")]
)
def test_neighbours_are_a_range(numbers, said):
    assert html.spans(numbers) == said


@pytest.mark.parametrize(("language", "chosen"), [("zh", "zh"), ("en", "en"), ("en/zh", "both"), ("both", "both")])
def test_the_page_begins_in_the_readers_language_and_prints(catalog, language, chosen):
    content = page(plan(catalog, declared("h20-96g", 8, 2), profile="flagship"), language)
    assert content.count(" checked>") == 1 and f'id="{chosen}" checked>' in content
    assert "DeepSeek-R1 671B 部署方案 · 旗舰版" in content
    assert "print-color-adjust:exact" in content and "screen and (prefers-color-scheme:dark)" in content
    first, last = content.index("可部署"), content.index("注意事项（")
    assert content.index("<h1>") < first < content.index("class=four") < content.index("<table") < last


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
