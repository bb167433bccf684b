# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit's records go to the log server once, from the node that has them, and never with what people asked."""

from __future__ import annotations

import os

import jinja2
import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.filter.compliance import FilterModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._compliance import sent

from tests.sizing.common import ROOT

AUDIT = {"on": True, "host": "n1", "head": "n1", "folder": "/srv/audit", "syslog": False, "content": False}


def test_the_audits_records_are_sent_by_default():
    assert sent.files(AUDIT) == [sent.KERNEL, "/srv/audit/log/audit-*.jsonl"]


@pytest.mark.parametrize("change", [{"on": False}, {"host": "n2"}, {"syslog": True}, {"content": True}], ids=str)
def test_they_are_not_where_there_are_none_or_they_go_another_way_or_hold_questions(change):
    assert sent.files({**AUDIT, **change}) == [sent.KERNEL]


def test_the_roles_default_is_what_the_filter_says():
    defaults = yaml.safe_load((ROOT / "roles/compliance/defaults/main.yml").read_text(encoding="utf-8"))
    assert defaults["compliance_syslog_files"] == "{{ __compliance_audit | yitiji.deepseek.compliance_files }}"
    assert FilterModule().filters()["compliance_files"](AUDIT) == sent.files(AUDIT)


def test_the_collector_writes_where_the_relay_looks(tmp_path):
    """The relay's file is made as the role makes it."""
    own = yaml.safe_load((ROOT / "roles/compliance/vars/main.yml").read_text(encoding="utf-8"))
    (text,) = [row["content"] for row in own["__compliance_relay_files"] if row["path"] == "{{ __compliance_relay }}"]
    values = {"compliance_syslog_files": sent.files({**AUDIT, "folder": str(tmp_path)}), "__compliance_ca": "/ca"}
    values.update(compliance_syslog_host="log.example.com", compliance_syslog_port=6514)
    jinja = jinja2.Environment(trim_blocks=True)
    jinja.filters["basename"] = os.path.basename
    written = jinja.from_string(text).render(values)
    assert f'input(type="imfile" File="{tmp_path}/log/audit-*.jsonl" Tag="audit-*.jsonl:")' in written.splitlines()
