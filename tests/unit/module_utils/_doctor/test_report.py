# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as JSON and as a page."""

from __future__ import annotations

import json

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import report as doctor_report
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import rules as doctor_rules

from tests.unit.module_utils._doctor.sample_rule import judge


def test_reports():
    results = judge(doctor_rules.failed("<b>evil</b>", "证据"))
    report = doctor_report.document("t", "pre", results, 0.0)
    assert report["exit_code"] == 2 and report["hosts"]["n1"]["fail"] == 1 and report["time"].startswith("1970")
    assert json.loads(doctor_report.as_json(report)) == report
    page = doctor_report.as_html(report, "zh")
    assert "<b>evil" not in page and "&lt;b&gt;evil" in page
    assert 'id="zh" checked' in page and "http" not in page, "the page needs nothing from outside"
    linked = doctor_report.as_html(report, "zh", 'https://10.0.0.5/help/"')
    assert '<a href="https://10.0.0.5/help/&quot;LLM901">LLM901</a>' in linked
    assert "1 failed: n1" in page and '<a href="#n1">' in page
    calm = doctor_report.as_html(doctor_report.document("t", "pre", judge(doctor_rules.passed("e", "z")), 0.0))
    assert "all well" in calm and "failed" not in calm
    dark = doctor_report.as_html(doctor_report.document("t", "pre", judge(doctor_rules.unknown("e", "z")), 0.0))
    assert "1 unknown" in dark and "mend" not in dark, "what nobody knows has no remedy"
