# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rule and its verdict, without a catalogue."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import rules as doctor_rules

RULE = {
    "id": "LLM901", "phase": ["pre"], "severity": "error", "needs": ["thing"],
    "title": {"zh": "题", "en": "title"}, "fix": {"zh": "修 {x}", "en": "mend {x}"},
}  # fmt: skip


def judge(finding=None, need=True, severity="error", ignore=None):
    def probe(_context):
        if isinstance(finding, Exception):
            raise finding
        return finding

    rule = dict(RULE, severity=severity)
    context = doctor_rules.Context(node={}, host="n1")
    return doctor_rules.evaluate([rule], context, "pre", {"LLM901": probe}, {"thing": lambda _c: need}, ignore)
