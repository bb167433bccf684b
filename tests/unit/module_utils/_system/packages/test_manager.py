# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which packages of a list are not there as wanted, and whose package manager a node has."""

from __future__ import annotations

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
