# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look of our pages: light and dark, phone and paper, Chinese fonts; a page adds what it alone has.

Readers change the language without a script: the radio buttons stand before `main`. Above all stands whose product it
is (`vendor`: what vendor.py made of `appliance_vendor`).
"""

from __future__ import annotations

import re
from html import escape
from typing import Mapping, Optional

Vendor = Optional[Mapping[str, str]]
STYLE = """
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2430;--line:#d8dde5;--soft:#f3f5f8;--dim:#5c6675;--fail:#b3261e;
--warn:#8a5a00;--unknown:#6b4fa0;--skip:#5c6675;--pass:#1a7f37}
@media screen and (prefers-color-scheme:dark){
:root{--bg:#12161c;--fg:#e4e8ee;--line:#343c48;--soft:#1b212a;--dim:#98a2b0;
--fail:#ff8b82;--warn:#e3b341;--unknown:#c3a6ff;--skip:#98a2b0;--pass:#57d364}}
body{font:16px/1.5 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;background:var(--bg);
color:var(--fg);max-width:70rem;margin:1.5rem auto;padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:1rem 0 .2rem}h2{font-size:1.15rem;margin:2.2rem 0 .4rem}a{color:inherit}
p{margin:.3rem 0}.dim,summary{color:var(--dim)}summary{cursor:pointer}details{margin-top:.6rem}
.verdict{border-left:6px solid;background:var(--soft);padding:.6rem .9rem;margin:.8rem 0;font-weight:700}
table{border-collapse:collapse;width:100%;table-layout:fixed}td,th{border-top:1px solid var(--line);padding:.5rem;
text-align:left;vertical-align:top;overflow-wrap:break-word}
.fail{color:var(--fail)}.warn{color:var(--warn)}.unknown{color:var(--unknown)}.skip{color:var(--skip)}
.pass{color:var(--pass)}input[name=l]{margin-left:1rem}input[name=l]:first-of-type{margin-left:0}
pre{background:var(--soft);padding:.8rem;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.9rem}
.by{display:flex;align-items:center;gap:.6rem;border-bottom:3px solid var(--by,var(--line));padding-bottom:.5rem;
margin-bottom:.8rem;font-weight:700}.by img{height:2.2rem;background:#fff;padding:2px;border-radius:3px}
.two>span{display:block}#zh:checked~main .en,#en:checked~main .zh{display:none}
@media print{:root{color-scheme:light}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
@page{size:A4;margin:14mm}body{margin:0;max-width:none}
input,label{display:none}h2{break-after:avoid}tr,figure,.keep{break-inside:avoid}
details>*{display:block}details>table{display:table}details::details-content{content-visibility:visible;block-size:auto}}
"""


def both(zh: str, en: str) -> str:
    return f'<span class="zh" lang="zh">{told(zh)}</span> <span class="en" lang="en">{told(en)}</span>'


def told(text: str) -> str:
    """A text with its commands set apart."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def begun(title: str, language: str, more: str = "", head: str = "", vendor: Vendor = None) -> str:
    """A page up to its body, for readers of `language`; `more` is style of its own, `head` goes before the title."""
    given = vendor or {}
    more += f":root{{--by:{given['color']}}}" if given.get("color") else ""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">{head}\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{escape(title)}</title><style>{STYLE}{more}</style></head><body>\n{_by(given)}"
    )


def _by(given: Mapping[str, str]) -> str:
    logo = f'<img src="{escape(given["logo"], quote=True)}" alt="">' if given.get("logo") else ""
    name = escape(given.get("name") or "")
    return f'<header class="by">{logo}{name}</header>\n' if logo or name else ""


def opened(title: str, language: str, more: str = "", head: str = "", vendor: Vendor = None) -> str:
    """The same up to its content, where readers change the language, at first `language` (not zh nor en: both)."""
    language = language if language in ("zh", "en") else "both"
    checked = {key: " checked" if key == language else "" for key in ("both", "zh", "en")}
    names = {"both": "中文 + English", "zh": "中文", "en": "English"}
    buttons = "\n".join(
        f'<input type="radio" name="l" id="{key}"{checked[key]}><label for="{key}">{name}</label>'
        for key, name in names.items()
    )
    return f"{begun(title, 'zh', more, head, vendor)}{buttons}\n<main>"


CLOSED = "</main></body></html>\n"
