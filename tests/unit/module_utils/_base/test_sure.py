# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that can't be missing."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sure import sure


@pytest.mark.parametrize("value", [0, "", [], False])
def test_what_is_there_is_given_back(value):
    assert sure(value) is value


def test_what_is_missing_is_an_error():
    with pytest.raises(RuntimeError):
        sure(None)
