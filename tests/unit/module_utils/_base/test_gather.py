# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several checks asked at once."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.gather import gathered
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text


def refuse(rule):
    raise Refusal(rule, Text("no.", "否。"), Text("do.", "做。"))


def test_all_are_asked_and_what_they_return_counts():
    listed = [Refusal("LLM003", Text("a", "a"), Text("b", "b"))]
    found = gathered(lambda: refuse("LLM001"), lambda: 5, lambda: refuse("LLM002"), lambda: listed, lambda: [])
    assert [refusal.rule for refusal in found] == ["LLM001", "LLM002", "LLM003"]
