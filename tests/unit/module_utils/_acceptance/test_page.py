# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import page as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.words import LANGUAGES, WORDS

from tests.unit.module_utils._acceptance.test_report import FUNCTION, STEP, document


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_whole_in_its_language_and_loads_nothing(language):
    text = core.page(document(speed=[STEP, {**STEP, "concurrency": 6, "failed": 1}]), language)
    assert not re.search(r"(src|href)=|url\(|@import|<script", text)
    for key in ("title", "judged", "speed", "machines", "signing", "fail"):
        assert WORDS[key][LANGUAGES.index(language)] in text
    other = LANGUAGES.index("en" if language == "zh" else "zh")
    assert WORDS["judged"][other] not in text
    HTMLParser().feed(text)
    assert text.count("<svg") == 3 == text.count("</svg>")


def test_what_a_model_says_cannot_write_the_page():
    evil = [{**FUNCTION[0], "evidence": "<img src=x onerror=alert(1)>"}]
    assert "<img" not in core.page(document(function=evil), "en")


def test_a_curve_begins_at_nothing_and_ends_at_its_most():
    drawn = core.chart([("a", [(1, 5), (4, 10)])], "n")
    circles = [tuple(map(float, c)) for c in re.findall(r"cx='([\d.]+)' cy='([\d.]+)'", drawn)]
    assert len(circles) == 2 and circles[0][0] < circles[1][0] and circles[0][1] > circles[1][1] == 12.0
    assert core.chart([], "n").endswith("</svg>")


def test_nested_data_becomes_rows():
    assert core.flat({"a": {"b": [1, None]}, "c": ""}) == [("a.b[0]", "1"), ("a.b[1]", "-"), ("c", "-")]
