# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running commands and measuring space, bounded."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, Space, number


def test_run_is_bounded_and_clean(monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    assert Host().run(["sleep", "5"], timeout=0.2) is None
    assert Host().run(["no-such-command-here"]) is None
    assert "SECRET" not in Host().run(["env"]).out


@pytest.mark.parametrize(
    ("text", "value"), [("12 MiB", 12), ("0x1f", 31), ("N/A", None), ("", None), (None, None), ("1.9", 1)]
)
def test_number(text, value):
    assert number(text) == value


def test_space_of_this_machine():
    found = Host().space("/")
    assert isinstance(found, Space) and found.size >= found.available > 0
    assert Host().space("/no/such/place") is None and Host().names("/no/such") == []
    assert os.path.exists("/") and Host().read("/no/such") is None
