# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import page as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.form import Form
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.words import LANGUAGES, WORDS

from tests.unit.module_utils._acceptance.test_report import FUNCTION, STEP, document


def report(**more):
    return {**document(**more), "signer": "SHA256:abc"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_whole_in_its_language_and_loads_nothing(language):
    text = core.page(report(speed=[STEP, {**STEP, "concurrency": 6, "failed": 1}]), language)
    assert not re.search(r"(src|href)=|url\(|@import|<script", text)
    for key in ("title", "judged", "speed", "machines", "signing", "fail"):
        assert WORDS[key][LANGUAGES.index(language)] in text
    other = LANGUAGES.index("en" if language == "zh" else "zh")
    assert WORDS["judged"][other] not in text
    HTMLParser().feed(text)
    assert text.count("<svg") == 3 == text.count("</svg>")


def test_what_a_model_says_cannot_write_the_page():
    evil = [{**FUNCTION[0], "evidence": "<img src=x onerror=alert(1)>"}]
    assert "<img" not in core.page(report(function=evil), "en")


def test_every_kind_of_block_is_drawn():
    assert {block["kind"] for block in Form(report(), "en").blocks} == set(core.DRAW)
