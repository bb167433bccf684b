# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several checks asked at once."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.gather import gathered
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal


def refuse(rule):
    raise Refusal(rule)


def test_all_are_asked_and_what_they_return_counts():
    listed = [Refusal("LLM328", unit="u")]
    found = gathered(lambda: refuse("LLM329"), lambda: 5, lambda: refuse("LLM927"), lambda: listed, lambda: [])
    assert [refusal.rule for refusal in found] == ["LLM329", "LLM927", "LLM328"]
