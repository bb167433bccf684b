# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.action.check_variables import known_names, load_specs


@pytest.fixture(scope="session")
def known_variables():
    return known_names(load_specs())
