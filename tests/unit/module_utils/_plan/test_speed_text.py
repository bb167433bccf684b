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
    assert "no predicted speed of tiny-r1-distill: runs on CPUs" in explain(made, "en")
    assert speed_lines({key: value for key, value in made.items() if key != "speed"}, "en") == []


def test_ranges_for_people():
    assert (span([1234.0, 5678.0]), span([0.123, 4.5]), span([30.0, 30.0])) == ("1,234-5,678", "0.123-4.5", "30")


def test_every_word_has_both_languages():
    assert all(zh and en for zh, en in WORDS.values())


ROW = {
    "concurrency": 8, "first_token_seconds": [0.25, 4.5], "request_tokens_per_second": [35.0, 67.5],
    "total_tokens_per_second": [282.0, 1537.0], "requests_per_second": [0.04, 0.09],
}  # fmt: skip
TEXT = {"zh": "因", "en": "because"}
STATED = [
    {"key": "concurrency", "stated": "4-8", "verdict": "met", "text": TEXT},
    {"key": "requests_per_second", "stated": "30", "predicted": [0.1, 0.3], "verdict": "short", "text": TEXT},
]
OTHER = {**ROW, "layout": {"tensor": 2, "pipeline": 1, "data": 4}}
FOUND = {"predicted": True, "prompt_tokens": 768, "answer_tokens": 2304, "rows": [ROW], "stated": STATED}


def test_every_line():
    none = {"predicted": False, "reason": TEXT}
    made = {"speed": {"m": {**FOUND, "alternatives": [OTHER]}, "e": none}}
    assert speed_lines(made, "en") == [
        "",
        "  predicted speed of m (ranges, no promise; prompts of 768 tokens, answers of 2304):",
        "    8 at once: first token 0.25-4.5 s; each request 35-67.5 tokens/s; in all 282-1,537 tokens/s, "
        "0.04-0.09 requests/s",
        "    the profile states 4-8 at once → met: because",
        "    the profile states 30 requests/s, predicted 0.1-0.3 → not met: because",
        "    other layouts, at the planned number:",
        "      TP 2 x PP 1 x DP 4: each request 35-67.5 tokens/s, in all 282-1,537 tokens/s",
        "",
        "  no predicted speed of e: because",
    ]
    assert speed_lines({"speed": {"m": {**FOUND, "alternatives": []}}}, "zh")[3:] == [
        "    档位标称 4-8 并发 → 达到：因", "    档位标称 30 请求/秒，预测 0.1-0.3 → 达不到：因",
    ]  # fmt: skip
