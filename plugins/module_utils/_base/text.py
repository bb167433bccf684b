# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text in both languages, and its values filled in."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterable, Mapping, NamedTuple, Union

CHINESE = re.compile("[\u4e00-\u9fff]")
Bilingual = Dict[str, str]  # in a plan, which is JSON: the text by language


class Text(NamedTuple):
    """The same in English and Chinese; values take the places of `{name}`."""

    en: str
    zh: str

    def filled(self, values: Mapping[str, Any]) -> Text:
        return Text(self.en.format_map(_English(values)), self.zh.format_map(_Chinese(values)))

    def as_dict(self) -> Dict[str, str]:
        return {"en": self.en, "zh": self.zh}


class Message(NamedTuple):
    """What is wrong and what to do about it, both without a full stop at the end."""

    reason: Text
    remedy: Text


def joined(texts: Iterable[Text], en: str = "; ", zh: str = "；") -> Text:
    """Several texts as one, joined by these words."""
    several = list(texts)
    return Text(en.join(text.en for text in several), zh.join(text.zh for text in several))


def bilingual(zh: str, en: str) -> Bilingual:
    return {"zh": zh, "en": en}


# An unknown value becomes "?": a message that lacks a detail is better than none.
class _English(Dict[str, Any]):
    def __getitem__(self, key: str) -> Any:
        value = self.get(key, "?")
        if isinstance(value, Text):
            return value.en
        return ", ".join(_in(part, "en") for part in value) if isinstance(value, (list, tuple)) else value


class _Chinese(Dict[str, Any]):
    def __getitem__(self, key: str) -> Any:
        value = self.get(key, "?")
        if isinstance(value, Text):
            return value.zh
        return "、".join(_in(part, "zh") for part in value) if isinstance(value, (list, tuple)) else value


def _in(value: Any, language: str) -> str:
    return str(getattr(value, language) if isinstance(value, Text) else value)


def in_language(told: Union[str, Mapping[str, str]], language: str) -> str:
    """A text by language, or a line (`English / 中文`, `页面 / page: VALUE`), for `zh` or `en`; others see both."""
    if not isinstance(told, str):
        return told.get(language) or f"{told['en']} / {told['zh']}"
    left, slash, right = told.partition(" / ")
    label, colon, value = right.partition(":")
    shared = colon and not re.search("[:：]", left)
    chinese = [bool(CHINESE.search(side)) for side in (left, label if shared else right)]
    if language not in ("zh", "en") or not slash or chinese[0] == chinese[1]:
        return told
    if chinese[0] != (language == "zh"):
        return right
    return (
        left + ("：" if language == "zh" else ":") + (value.lstrip() if language == "zh" else value) if shared else left
    )
