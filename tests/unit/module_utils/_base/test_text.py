# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text in both languages, and its values."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text, in_language, joined

FILES = Text("{count} files: {names}", "{count} 个文件：{names}")


@pytest.mark.parametrize(
    ("values", "en", "zh"),
    [
        ({"count": 2, "names": ["a", "b"]}, "2 files: a, b", "2 个文件：a、b"),
        ({"count": 0, "names": ()}, "0 files: ", "0 个文件："),
        ({"count": 1, "names": "a"}, "1 files: a", "1 个文件：a"),
        ({"count": 1, "names": Text("none", "无")}, "1 files: none", "1 个文件：无"),
        ({"count": 2, "names": [Text("one", "一"), "b"]}, "2 files: one, b", "2 个文件：一、b"),
        ({"count": 1, "names": "{count}"}, "1 files: {count}", "1 个文件：{count}"),
        ({"count": 1}, "1 files: ?", "1 个文件：?"),
    ],
)
def test_values_are_filled_in_by_language(values, en, zh):
    assert FILES.filled(values) == Text(en, zh)


def test_formats_of_numbers_are_kept():
    assert Text("{size:.1f} GiB", "{size:.1f} GiB").filled({"size": 2.04}).en == "2.0 GiB"


def test_texts_are_joined_by_language():
    assert joined([Text("a", "甲"), Text("b", "乙")]) == Text("a; b", "甲；乙")
    assert Text("a", "甲").as_dict() == {"en": "a", "zh": "甲"}


@pytest.mark.parametrize(
    ("told", "zh", "en"),
    [
        ("页面 / page: https://a/", "页面：https://a/", "page: https://a/"),
        ("问 / asked: 你好 / x", "问：你好 / x", "asked: 你好 / x"),
        ("no cards / 没有显卡，不安装", "没有显卡，不安装", "no cards"),
        ("a: b / 甲：乙", "甲：乙", "a: b"),
        ("plain", "plain", "plain"),
        ("a / b: c", "a / b: c", "a / b: c"),
    ],
)
def test_a_line_in_both_languages_for_readers_of_one(told, zh, en):
    assert (in_language(told, "zh"), in_language(told, "en"), in_language(told, "both")) == (zh, en, told)


def test_a_text_by_language_for_readers_of_one():
    told = {"en": "a: b", "zh": "甲：乙"}
    assert [in_language(told, language) for language in ("zh", "en", "both")] == ["甲：乙", "a: b", "a: b / 甲：乙"]
