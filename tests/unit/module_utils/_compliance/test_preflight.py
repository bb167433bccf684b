# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that can't be met, and what would lock out who deploys."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._compliance.preflight import problems

GOOD = {
    "compliance_idle_seconds": 600,
    "compliance_ssh_tries": 5,
    "compliance_journal_gib": 8,
    "compliance_syslog_host": "",
    "compliance_syslog_port": 6514,
    "compliance_syslog_ca_file": "",
    "compliance_tlcp": False,
    "compliance_state_dir": "/var/lib/yitiji",
    "by_password": False,
}


def rules(**more):
    return [refusal.rule for refusal in problems({**GOOD, **more})]


def test_the_defaults_pass():
    assert rules() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("idle_seconds", 901), ("idle_seconds", 0), ("ssh_tries", 7), ("journal_gib", 0), ("syslog_port", 70000)],
)
def test_a_number_out_of_bounds_is_named_with_them(name, value):
    (found,) = problems({**GOOD, f"compliance_{name}": value})
    assert found.rule == "LLM891" and found.values["name"] == f"compliance_{name}" and "…" in found.remedy.en


def test_records_go_only_to_a_host_whose_authority_is_there(tmp_path):
    authority = tmp_path / "ca.crt"
    authority.write_text("x")
    assert rules(compliance_syslog_host="log.example.com", compliance_syslog_ca_file=str(authority)) == []
    assert rules(compliance_syslog_host="log.example.com") == ["LLM891"]
    assert rules(compliance_syslog_host="no host", compliance_syslog_ca_file=str(authority)) == ["LLM891"]


def test_a_gateway_that_can_not_be_shown_is_refused():
    assert rules(compliance_tlcp=True) == ["LLM892"]


def test_root_with_a_password_would_be_locked_out():
    assert rules(by_password=True) == ["LLM893"]


def test_a_folder_is_a_path():
    assert rules(compliance_state_dir="state") == ["LLM132"]
