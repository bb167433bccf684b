# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look of our pages."""

from __future__ import annotations

import re

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import (
    CLOSED,
    STYLE,
    begun,
    both,
    opened,
    told,
)


@pytest.mark.parametrize(("language", "chosen"), [("zh", "zh"), ("en", "en"), ("both", "both"), ("?", "both")])
def test_a_page_begins_in_one_language(language, chosen):
    page = opened("<t>", language, ".own{}") + CLOSED
    assert re.findall(r'id="(\w+)" checked', page) == [chosen]
    assert "<title>&lt;t&gt;</title>" in page and ".own{}" in page and page.endswith("</html>\n")


def test_a_page_of_one_language_has_nothing_to_choose():
    page = begun("<t>", "en", ".own{}", "<meta name=x>")
    assert '<html lang="en">' in page and "<title>&lt;t&gt;</title>" in page and ".own{}" in page
    assert "<meta name=x>" in page and "<input" not in page


def test_commands_are_set_apart():
    assert told("run `a <b>` or `c`") == "run <code>a &lt;b&gt;</code> or <code>c</code>"
    assert told("one ` alone") == "one ` alone"


def test_what_is_hidden_is_named_in_every_text():
    assert (
        both("<中>", "a&b") == '<span class="zh" lang="zh">&lt;中&gt;</span> <span class="en" lang="en">a&amp;b</span>'
    )
    assert "#zh:checked~main .en" in STYLE and "#en:checked~main .zh" in STYLE


def test_paper_is_white_and_bars_keep_their_colour():
    printed = STYLE[STYLE.index("@media print") :]
    assert "print-color-adjust:exact" in printed and "@page" in printed and "color-scheme:light" in printed
    assert "@media screen and (prefers-color-scheme:dark)" in STYLE, "dark is for screens alone"
    assert STYLE.count("{") == STYLE.count("}")


def test_nothing_is_loaded():
    assert not re.search(r"url\(|@import|https?:", STYLE)
