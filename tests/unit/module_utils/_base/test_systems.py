# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry of the list of distributions means a node by its id and release, however they are spelt."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.systems import System, matches

ENTRY = {"ids": ["rocky", "openeuler"], "versions": ["9", "V10", "24.04"]}


@pytest.mark.parametrize(
    "system",
    [System("rocky", "9"), System("rocky", "9.4"), System("openEuler", "v10"), System("ROCKY", "24.04.1")],
)
def test_a_release_and_its_parts_are_meant(system):
    assert matches(ENTRY, system)


@pytest.mark.parametrize(
    "system",
    [System("rocky", "90"), System("rocky", "8.9"), System("rocky", ""), System("rocky", "24"), System("", "9")],
)
def test_others_are_not(system):
    assert not matches(ENTRY, system)
