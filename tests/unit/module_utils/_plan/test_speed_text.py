# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicted speeds in a plan's text."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.speed_text import WORDS, span, speed_lines
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import explain

from tests.sizing.common import declared, plan


def test_both_languages_show_ranges_verdicts_and_layouts(catalog):
    made = plan(catalog, declared("rtx-4090-24g", 4), profile="standard", concurrency=4)
    zh, en = (explain(made, language) for language in ("zh", "en"))
    assert "预测速度 deepseek-r1-32b" in zh and "档位标称 10-15 请求/秒" in zh and "达不到" in zh
    assert "predicted speed of deepseek-r1-32b" in en and "prompts of 768 tokens, answers of 2304" in en
    assert "4 at once: first token" in en and "the profile states 10-15 requests/s" in en and "not met" in en
    assert en.count("each request") == 2 + len(made["alternatives"])
    lines = speed_lines(made, "zh")
    assert not any("at once" in line for line in lines)


def test_none_is_said_and_old_plans_are_silent(catalog):
    made = plan(catalog, declared("", 0, memory_gib=24), profile="lab")
    assert "predicted speed of tiny-r1-distill: none: runs on CPUs" in explain(made, "en")
    assert speed_lines({key: value for key, value in made.items() if key != "speed"}, "en") == []


def test_ranges_for_people():
    assert (span([1234.0, 5678.0]), span([0.123, 4.5]), span([30.0, 30.0])) == ("1,234-5,678", "0.123-4.5", "30")


def test_every_word_has_both_languages():
    assert all(zh and en for zh, en in WORDS.values())
