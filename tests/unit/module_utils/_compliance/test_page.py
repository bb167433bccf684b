# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page shows each control with its command and answer; nothing that a node says becomes markup."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._compliance.judge import verdict
from ansible_collections.yitiji.deepseek.plugins.module_utils._compliance.page import page

from tests.unit.module_utils._compliance.test_judge import LEVEL, small


def report(said, level=None):
    return {"host": "n<1>", "time": "2026-11-30T10:00:00Z", **verdict(level or small(), {"ask": [0, said]}, {})}


def test_what_is_open_stands_open_with_its_remedy():
    html = page(report("no"), "zh")
    assert "<details open>" in html and "<code>mend</code>" in html and "verdict two fail" in html
    assert "不符合" in html and '<span class="en" lang="en">open</span>' in html
    assert "# ask\nno" in html and "^yes$ · ≠ no" in html


def test_what_is_met_is_folded():
    html = page(report("yes"), "en")
    assert "<details open>" not in html and "verdict two pass" in html and "<code>mend</code>" not in html


def test_what_a_node_says_is_text():
    html = page(report("<script>alert(1)</script>no"), "en")
    assert "<script" not in html and "n&lt;1&gt;" in html


def test_why_a_control_can_not_be_shown_is_said():
    html = page(report("yes", small(where="real")), "both")
    assert "容器" in html and "container" in html and "verdict two pass" in html


def test_the_whole_level_is_on_it():
    html = page({"host": "n1", "time": "t", **verdict(LEVEL, {}, {})}, "both")
    assert all(f'<td class="n">{number}<' in html for number in [*LEVEL["controls"], *LEVEL["docker"]])
    assert "http" not in html.replace("https://", "http").partition("</style>")[2]
