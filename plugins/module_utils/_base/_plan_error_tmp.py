# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the planner says when it says no: a rule id, two languages, numbers and ways out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

Text = Dict[str, str]


def text(zh: str, en: str) -> Text:
    return {"zh": zh, "en": en}


@dataclass
class Refusal(Exception):
    """A plan that can't be made. `fixes` are changes that would make it possible, nearest first."""

    id: str
    reason: Text
    fixes: List[Text] = field(default_factory=list)
    need: Optional[Dict[str, Any]] = None
    have: Optional[Dict[str, Any]] = None

    def __post_init__(self) -> None:
        super().__init__(self.reason["en"])

    def as_dict(self) -> Dict[str, Any]:
        return {"id": self.id, "need": self.need, "have": self.have, "reason": self.reason, "fixes": self.fixes}

    def message(self, deployment: str, hosts: List[str]) -> str:
        """Both languages, the host names, and the remedies, for a task's failure message."""
        where = ", ".join(hosts[:8]) + (" …" if len(hosts) > 8 else "")
        lines = [
            "{}: {} [{}] {}".format(self.id, deployment, where, self.reason["zh"]),
            "{}: {} [{}] {}".format(self.id, deployment, where, self.reason["en"]),
        ]
        for fix in self.fixes:
            lines.append("  → {} / {}".format(fix["zh"], fix["en"]))
        return "\n".join(lines)
