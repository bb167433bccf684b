# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository of one's own wants an address and a reason to believe it."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import preflight as core

from tests.unit.module_utils.preflight_rules import rules_of

KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n…\n-----END PGP PUBLIC KEY BLOCK-----"
OWN = {
    "nvidia_driver_repository_url": "https://mirror.example.com/cuda", "nvidia_driver_repository_key": KEY,
    "nvidia_driver_repository_trusted": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({}, []),
        ({"nvidia_driver_repository_url": "file:///srv/repository"}, []),
        ({"nvidia_driver_repository_url": "mirror"}, ["LLM222"]),
        ({"nvidia_driver_repository_key": ""}, ["LLM222"]),
        ({"nvidia_driver_repository_key": "/path/to/key"}, ["LLM222"]),
        ({"nvidia_driver_repository_key": "", "nvidia_driver_repository_trusted": True}, []),
        ({"nvidia_driver_repository_key": "", "nvidia_driver_repository_url": ""}, []),
    ],
)
def test_repository(changed, rules):
    assert rules_of(core.problems, OWN, **changed) == rules
