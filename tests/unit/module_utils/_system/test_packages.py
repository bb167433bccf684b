# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which packages of a list are not there as wanted."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import packages as core

LINES = [
    "installed/docker.io/20.10.24+dfsg1-1",
    "config-files/old/1",
    "installed/containerd.io/1.7.2-1",
    "not-installed/x/",
]


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
    assert core.missing(LINES, [wanted]) == ([wanted] if missing else [])
