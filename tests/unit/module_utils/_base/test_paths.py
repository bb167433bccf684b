# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole parts of paths."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.paths import within


@pytest.mark.parametrize(
    ("place", "path", "inside"),
    [
        ("/srv/models", "/srv/models", True),
        ("/srv/models", "/srv/models/a/b", True),
        ("/srv/models/", "/srv/models/a", True),
        ("/srv/models", "/srv/models-old/a", False),
        ("/srv/models", "/srv/models/../other", False),
        ("/srv/models", "/srv", False),
        ("/", "/anything", True),
        ("/", "/", True),
        ("/root", "/rooted", False),
    ],
)
def test_within(place, path, inside):
    assert within(place, path) is inside
