# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each rule, refusal and error of the gateway means, as one page in one language; nothing of a site is in it.

Without a script: the address says which one is shown (`#LLM209`), without one it is the list.
"""

from __future__ import annotations

import string
from typing import Any, Dict, Iterable, List, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.messages.all import MESSAGES
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import ended
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import CLOSED, Vendor, begun, told
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text

TITLE = Text("Messages, and what to do", "报错与处理办法")
BLANKS = Text(
    "Open the number that your message begins with. Dots stand for what the message itself names.",
    "请打开报错开头的编号；省略号处的内容见报错本身。",
)
LABELS = {
    "why": Text("Why", "原因"),
    "looks": Text("Looks at", "检查内容"),
    "says": Text("Says", "报错"),
    "fix": Text("What to do", "处理办法"),
}
ALL = Text("all messages", "全部报错")
STYLE = (
    "section{border-top:1px solid var(--line)}section>div{display:none}section:target>div{display:block}"
    "main:has(section:target) section:not(:target){display:none}h2{font-size:1rem;margin:.5rem 0}"
    "h2>a{margin-right:.6rem}h3{font-size:1rem;margin:1rem 0 0;color:var(--dim)}"
)


def page(rules: Iterable[Mapping[str, Any]], errors: Mapping[int, Text], language: str, vendor: Vendor = None) -> str:
    """The page for readers of `language`; `errors` are those of the gateway, by status."""
    other, name = {"zh": ("en", "English"), "en": ("zh", "中文")}[language]
    switch = (
        f'<p class="dim"><a href="/help/{language}">{_in(ALL, language)}</a> · '
        f'<a href="/help/{other}#%s" lang="{other}">{name}</a></p>'
    )
    sections = [
        f'<section id="{number}"><h2><a href="#{number}">{number}</a>{told(head)}</h2>'
        f"<div>{''.join(_part(part, text, language) for part, text in parts)}{switch % number}</div></section>\n"
        for number, (head, parts) in sorted(_entries(rules, errors, language).items())
    ]
    title = _in(TITLE, language)
    return (
        f"{begun(title, language, STYLE, vendor=vendor)}<main><h1>{title}</h1>"
        f'<p class="dim">{_in(BLANKS, language)} <a href="/help/{other}" lang="{other}">{name}</a></p>\n'
        + "".join(sections)
        + CLOSED
    )


Entry = Tuple[str, List[Tuple[str, str]]]


def _entries(rules: Iterable[Mapping[str, Any]], errors: Mapping[int, Text], language: str) -> Dict[str, Entry]:
    """By number its headline, and what is said below it. A rule's own refusal stands with the rule."""
    found: Dict[str, Entry] = {str(status): (_in(text, language), []) for status, text in errors.items()}
    for rule in rules:
        parts = [(key, str(rule[key][language])) for key in ("why", "looks") if rule.get(key)]
        found[rule["id"]] = (rule["title"][language], [*parts, ("fix", ended(rule["fix"])[language])])
    for number, (reason, remedy) in MESSAGES.items():
        said, fix = _in(reason, language), ended(remedy.as_dict())[language]
        head, parts = found.get(number) or (said, [])
        found[number] = (head, [*parts, *([("says", said)] if parts else []), ("fix", fix)])
    return {number: (blank(head), parts) for number, (head, parts) in found.items()}


def _part(part: str, text: str, language: str) -> str:
    return f"<h3>{_in(LABELS[part], language)}</h3><p>{told(blank(text))}</p>"


def _in(text: Text, language: str) -> str:
    return text.zh if language == "zh" else text.en


def blank(text: str) -> str:
    """The text with dots for what a message fills in."""
    return "".join(
        said + ("" if field is None else "…" if field else "{}")
        for said, field, _form, _how in string.Formatter().parse(text)
    )
