# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts in a plan, which is JSON: a dictionary by language."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

Text = Dict[str, str]

__all__ = ["Refusal", "Text", "text"]


def text(zh: str, en: str) -> Text:
    return {"zh": zh, "en": en}
