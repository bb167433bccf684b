# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages of a list are not there as wanted, and whose package manager a node has."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import manager

THERE = {"docker.io": "20.10.24+dfsg1-1", "containerd.io": "1.7.2-1"}


@pytest.mark.parametrize(
    ("wanted", "missing"),
    [
        ("docker.io", False),
        ("docker.io=20.10.24+dfsg1-1", False),
        ("docker.io=20.10.*", False),
        ("docker.io=26.1.5", True),
        ("old", True),
        ("x", True),
        ("other=1", True),
    ],
)
def test_missing(wanted, missing):
    assert manager.missing(THERE, [wanted]) == ([wanted] if missing else [])


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("ID=debian\n", "debian"),
        ("ID=ubuntu\nID_LIKE=debian\n", "debian"),
        ('ID="uos"\nID_LIKE="debian"\n', "debian"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "rocky"),
        ("", ""),
    ],
)
def test_family(text, family):
    assert manager.family(text) == family


def test_one_call_at_a_time_and_the_next_one_is_told_who(tmp_path, monkeypatch):
    path, ran, now = str(tmp_path / "new/lock"), [], [0.0]
    monkeypatch.setattr(manager.time, "monotonic", lambda: now[0])

    def run(words, _seconds):
        ran.append(words)
        now[0] += 3.0
        return 0, ""

    with manager.alone(run, path, 5):
        assert os.stat(path).st_mode & 0o777 == 0o600 and ran == []
        with pytest.raises(manager.Refusal) as refused, manager.alone(run, path, 5):
            raise AssertionError("two at once")
        assert refused.value.rule == "LLM118" and "managed_packages" in refused.value.reason.en
        assert ran == [["sleep", "0.5"]] * 2
    with manager.alone(run, path, 5):
        assert len(ran) == 2


def test_names_without_version_and_architecture():
    assert [manager.bare(name) for name in ("a", "a=1:2", "a:i386", "a:i386=1=2")] == ["a"] * 4


def test_a_source_that_fails_is_named_where_it_is_known():
    told = manager.Trouble("absent", "http://s x", "/etc/l:1", "404").refusal()
    assert "http://s x" in told.reason.en and "/etc/l:1" in told.reason.en
    assert "?" in manager.Trouble("absent", "", "", "404").refusal().reason.en
