# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on which every number is explained."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base import help as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.messages.all import MESSAGES
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import site
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules

RULES = load_rules()


class Page(HTMLParser):
    """Its sections by number, with their text, and where its links lead."""

    def __init__(self, text):
        super().__init__()
        self.sections, self.links, self.open, self.at = {}, [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "section":
            assert given["id"] not in self.sections, "an id stands for one thing"
            self.at = given["id"]
            self.sections[self.at] = ""
        self.links += [given["href"]] if "href" in given else []
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.at = "" if tag == "section" else self.at

    def handle_data(self, data):
        if self.at:
            self.sections[self.at] += data


@pytest.fixture(scope="module", params=["zh", "en"])
def page(request):
    return request.param, core.page(RULES, site.explained(), request.param)


def test_every_rule_refusal_and_error_of_the_gateway_has_its_place(page):
    language, text = page
    found = Page(text)
    assert not found.open
    assert set(found.sections) == {rule["id"] for rule in RULES} | set(MESSAGES) | {str(key) for key in site.ERRORS}
    for rule in RULES:
        for part in ("title", "why", "looks"):
            said = core.blank(rule[part][language]).replace("`", "")
            assert said in found.sections[rule["id"]], (rule["id"], part)
    for number, message in MESSAGES.items():
        for text_ in message:
            said = core.blank(getattr(text_, language)).replace("`", "")
            assert said in found.sections[number], number


def test_a_page_has_one_language_and_leads_to_the_same_number_in_the_other(page):
    language, text = page
    other = {"zh": "en", "en": "zh"}[language]
    assert f'<html lang="{language}">' in text
    labels = {key: (value.zh, value.en)[language == "zh"] for key, value in core.LABELS.items()}
    assert not [label for label in labels.values() if f"<h3>{label}</h3>" in text]
    found = Page(text)
    assert {f"/help/{other}#{number}" for number in found.sections} <= set(found.links)
    own = {f"#{number}" for number in found.sections} | {f"/help/{other}", f"/help/{language}"}
    assert set(found.links) <= own | {f"/help/{other}#{number}" for number in found.sections}


def test_nothing_is_loaded_and_nothing_is_left_to_fill_in(page):
    _language, text = page
    assert not re.search(r"src=|url\(|@import|<script|<link", text)
    body = text[text.index("<main>") :]
    assert not re.search(r"\{\w+(?:![rs])?(?::\S*)?\}", body)
    assert "$yitiji" not in body


def test_what_a_rule_or_message_says_cannot_write_the_page():
    rule = {"id": "LLM901", "title": {"zh": "<b>", "en": "<b>"}, "fix": {"zh": "`a` <i>", "en": "`a` <i>"}}
    text = core.page([rule], {418: Text("<u>", "<u>")}, "en")
    assert "<b>" not in text and "<i>" not in text and "<u>" not in text and "<code>a</code>" in text


def test_what_is_said_of_a_number_twice_stands_once():
    """A rule that also refuses: its title, its reasons, the refusal's words."""
    shared = sorted({rule["id"] for rule in RULES} & set(MESSAGES))
    assert shared, "there are some"
    text = core.page(RULES, {}, "en")
    for number in shared:
        section = text[text.index(f'<section id="{number}">') :].split("</section>")[0]
        assert section.count("<h3>Says</h3>") == 1 and section.count("<h3>What to do</h3>") == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [("{a} of {b:.1f}, {c!r}", "… of …, …"), ("{{x: {y}}}", "{x: …}"), ("plain {}", "plain {}")],
)
def test_what_a_message_fills_in_becomes_dots(text, shown):
    assert core.blank(text) == shown
