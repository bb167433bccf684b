# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that cannot work are refused before anything is changed."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import preflight as core

KEEP = {"last": 1, "daily": 0, "weekly": 0, "monthly": 0}
AGE = "age1" + "q" * 58
SFTP = {"kind": "sftp", "host": "store.example.com", "user": "b", "path": "in", "host_key": "ssh-ed25519 " + "A" * 68}
S3 = {"kind": "s3", "endpoint": "https://s3.example.com", "access_key": "AKIA", "path": "bucket/x"}
GOOD = {
    "backup_schedule": "*-*-* 02:30:00", "backup_keep": KEEP, "backup_remote_keep": KEEP, "backup_recipients": [AGE],
    "backup_allow_plain": False, "backup_remote": {}, "backup_ssh_key": True, "backup_s3_secret_key": True,
    "backup_fetch_dir": "", "paths": {"backup_dir": "/var/lib/x"},
}  # fmt: skip


def rules(**change) -> list[str]:
    return [refusal.rule for refusal in core.problems({**GOOD, **change})]


@pytest.mark.parametrize("change", [{}, {"backup_remote": SFTP}, {"backup_remote": S3}, {"backup_recipients": []},
                                    {"backup_remote": {**SFTP, "port": 2222}, "backup_schedule": "daily"}])  # fmt: skip
def test_good_ones(change):
    assert rules(**change) == []


@pytest.mark.parametrize(
    "change",
    [
        {"backup_schedule": "daily\nExecStart=x"}, {"backup_keep": {"last": 1}}, {"backup_keep": {**KEEP, "last": 0}},
        {"backup_keep": {**KEEP, "daily": "x"}}, {"backup_recipients": ["AGE-SECRET-KEY-1QQQ"]},
        {"backup_remote": {"kind": "ftp"}}, {"backup_remote": {**SFTP, "host": "a b"}},
        {"backup_remote": {**SFTP, "host_key": ""}}, {"backup_remote": {**SFTP, "user": "a\ntype = local"}},
        {"backup_remote": {**SFTP, "path": "../x"}}, {"backup_remote": {**SFTP, "password": "x"}},
        {"backup_remote": {**SFTP, "port": "22\nx"}}, {"backup_remote": SFTP, "backup_ssh_key": False},
        {"backup_remote": {**S3, "endpoint": "http://s3.example.com"}}, {"backup_remote": {**S3, "access_key": "a b"}},
        {"backup_remote": S3, "backup_s3_secret_key": False},
    ],
)  # fmt: skip
def test_bad_ones(change):
    assert rules(**change) == ["LLM740"]


def test_nothing_leaves_the_node_unencrypted_unless_it_is_said():
    for leaving in ({"backup_remote": S3}, {"backup_fetch_dir": "x"}):
        assert rules(backup_recipients=[], **leaving) == ["LLM741"]
        assert rules(backup_recipients=[], backup_allow_plain=True, **leaving) == []


def test_paths():
    assert rules(paths={"backup_dir": "backups"}) == ["LLM132"]
