# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every refusal speaks through the catalogue of messages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.messages.all import MESSAGES, PHRASES
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text

ROOT = Path(__file__).resolve().parents[3]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:!?()]|[,;!?][\u4e00-\u9fff]")
FIELDS = re.compile(r"(?<!\{)\{(\w+)[^}]*\}")
TEXTS: list[tuple[str, Text]] = [
    *((rule, text) for rule, message in MESSAGES.items() for text in message),
    *PHRASES.items(),
]


@pytest.mark.parametrize(("name", "text"), TEXTS)
def test_both_languages(name, text):
    assert text.en.strip() and text.zh.strip()
    assert not CHINESE.search(text.en)
    assert CHINESE.search(text.zh) or not re.search("[a-z]{3} [a-z]{3}", text.zh)
    assert not HALF_WIDTH.search(text.zh), "punctuation of Chinese text is full-width"
    assert text.en[-1] not in ".;:," and text.zh[-1] not in "。；：，.;:,", "the printed form adds the stop"
    assert set(FIELDS.findall(text.en)) == set(FIELDS.findall(text.zh)), "both say the same"
