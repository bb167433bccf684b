# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as a table for a terminal."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import rules as doctor_rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import table

from tests.unit.module_utils._doctor.sample_rule import judge


def test_table_is_short_and_lines_up():
    results = judge(doctor_rules.failed("evidence", "证据", x="this"))
    lines = table.table(results)
    assert lines[0].startswith("✗ LLM901 n1") and "题：证据" in lines[0] and "title: evidence" in lines[1]
    assert lines[2].strip().startswith("→ 修 this，") and lines[3].strip().startswith("→ mend this;")
    assert lines[-1].startswith("n1") and "fail 1" in lines[-1]
    assert "→" not in "".join(table.table(results, remedies=False))
    assert table.table(judge(doctor_rules.passed("e", "z")))[:-1] == []
    assert len(table.table(judge(doctor_rules.passed("e", "z")), show_all=True)) == 3
    assert "silenced: known" in "".join(table.table(judge(doctor_rules.failed("e", "z"), ignore={"LLM901": "known"})))
    only = table.failures(results, "en")
    assert only == "[LLM901] n1: title: evidence. Fix: mend this; then run the same command again."
    both = table.failures(results).splitlines()
    assert both == [only, "[LLM901] n1：题：证据。处理办法：修 this，然后重新执行同一命令。"], "the one printed form"
    assert table.width("题a") == 3
