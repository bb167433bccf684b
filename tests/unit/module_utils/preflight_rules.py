# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rules refuse settings, for the tests of every room's preflight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def rules_of(
    problems: Callable[[Mapping[str, Any]], list[Any]], settings: Mapping[str, Any], **changed: Any
) -> list[str]:
    """The rules, in order; every text names the host in both languages and says what to do."""
    found = problems({**settings, **changed})
    for refusal in found:
        text = refusal.message("gpu01")
        assert "gpu01" in text and "Fix:" in text and "处理办法" in text, text
    return [refusal.rule for refusal in found]
