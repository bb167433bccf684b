# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions from outside that could not be asked."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify import preflight as core

from tests.unit.module_utils.preflight_rules import rules_of

SETTINGS = {
    "teams": [{"name": "default"}, {"name": "own", "sha256": "0" * 64}, {"name": "gone", "state": "absent"}],
    "hosts": ["gpu01"], "verify_team": "default", "verify_url": "https://10.0.0.1:443", "verify_from": "localhost",
    "verify_max_tokens": 64, "verify_timeout": "120", "verify_ports": [22, "80"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({}, []),
        ({"verify_team": "", "verify_from": "gpu01"}, []),
        ({"verify_team": "nobody"}, ["LLM814"]),
        ({"verify_team": "own"}, ["LLM814"]),
        ({"verify_team": "gone"}, ["LLM814"]),
        ({"verify_url": "10.0.0.1"}, ["LLM814"]),
        ({"verify_from": "gpu99"}, ["LLM814"]),
        ({"verify_max_tokens": 0}, ["LLM814"]),
        ({"verify_timeout": -1}, ["LLM814"]),
        ({"verify_ports": [0, 22]}, ["LLM130"]),
    ],
)
def test_settings(changed, rules):
    assert rules_of(core.problems, SETTINGS, **changed) == rules
