# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package managers that the catalogue may name are those that are known, and each has all that is asked of one."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.distributions import MANAGERS
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import kinds
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import Manager


@pytest.mark.parametrize("name", sorted(MANAGERS))
def test_who_may_be_named_is_known(name):
    assert set(MANAGERS) == set(kinds.KINDS)
    manager = kinds.manager_of(name, lambda _argv, _seconds: (0, ""), 7, 3)
    asked = [word for word in vars(Manager) if not word.startswith("_")]
    assert [word for word in asked if not callable(getattr(manager, word, None))] == []
    assert (manager.seconds, manager.lock_seconds) == (7, 3)
