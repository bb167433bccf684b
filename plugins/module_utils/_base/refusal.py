# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One form for refusals: rule id, host, what is wrong, what to do; English and Chinese."""

from __future__ import annotations

import socket
from typing import List, NamedTuple, Optional


class Text(NamedTuple):
    """A sentence in both languages."""

    en: str
    zh: str


class Refusal(Exception):
    """Something a person has to decide or repair; nothing was changed because of it."""

    def __init__(self, rule: str, reason: Text, fix: Text) -> None:
        super().__init__(reason.en)
        self.rule = rule
        self.reason = reason
        self.fix = fix


def render(refusal: Refusal, host: Optional[str] = None, evidence: Optional[List[str]] = None) -> str:
    """The text an operator reads; `evidence` (log lines) follows it unchanged."""
    name = host or socket.gethostname()
    lines = [
        f"[{refusal.rule}] {name}: {refusal.reason.en} Fix: {refusal.fix.en}",
        f"[{refusal.rule}] {name}：{refusal.reason.zh}处理办法：{refusal.fix.zh}",
    ]
    if evidence:
        lines.append("--- log / 日志 ---")
        lines += evidence
    return "\n".join(lines)
