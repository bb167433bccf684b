# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the audit and of quotas."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import quotas as core

GOOD = {"gateway_audit_days": 180, "gateway_audit_segment_mb": 64, "gateway_audit_share_mb": 20480,
        "gateway_audit_reserve_mb": 256, "gateway_audit_content_bytes": 65536, "appliance_audit": True,
        "gateway_keys": [{"name": "research"}], "gateway_quotas": []}  # fmt: skip


def ids(**more):
    return [refusal.rule for refusal in core.problems({**GOOD, **more})]


def test_good_settings_are_good():
    assert ids() == []
    rows = [
        {"team": "research", "requests": 5},
        {"team": "*", "tokens": "7"},
        {"person": "li@example.com", "tokens": 1},
    ]
    assert ids(gateway_quotas=rows) == []


@pytest.mark.parametrize(
    "row",
    [{}, {"team": "research"}, {"team": "research", "person": "x", "tokens": 1}, {"team": "nobody", "tokens": 1},
     {"team": "research", "tokens": 0}, {"team": "research", "tokens": "many"},
     {"person": "x", "tokens": 1, "per": "hour"}],
)  # fmt: skip
def test_a_row_that_means_nothing_is_refused(row):
    assert ids(gateway_quotas=[row]) == ["LLM880"]


def test_nothing_is_counted_without_records():
    assert ids(gateway_quotas=[{"team": "*", "tokens": 1}], appliance_audit=False) == ["LLM880"]


def test_the_law_sets_the_least_days():
    assert ids(gateway_audit_days=30) == [] and ids(gateway_audit_days=0) == ["LLM820"]
    assert ids(gateway_audit_days=179, compliance_level="dengbao3") == ["LLM820"]
    assert ids(gateway_audit_reserve_mb=1) == ["LLM820"]
