# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers and thinking in replies of all shapes."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import openai as api


@pytest.mark.parametrize(
    ("message", "answer", "thinking"),
    [
        ({"content": "<think>\nhm\n</think>\n\nyes"}, "yes", "hm"),
        ({"content": "yes", "reasoning_content": "hm"}, "yes", "hm"),
        ({"content": "yes", "reasoning": "hm"}, "yes", "hm"),
        ({"content": '<details type="reasoning" done="true">hm</details>yes'}, "yes", "hm"),
        ({"content": None, "reasoning": "hm"}, "", "hm"),
        ({"content": "plain"}, "plain", ""),
    ],
)
def test_thinking_is_told_from_the_answer(message, answer, thinking):
    got = api.parse_reply({"choices": [{"message": message}]})
    assert (got.answer, got.thinking) == (answer, thinking)


@pytest.mark.parametrize("value", [{}, {"choices": []}, {"choices": [{}]}, None])
def test_a_reply_without_an_answer(value):
    with pytest.raises(api.Unanswered, match="no answer"):
        api.parse_reply(value)
