# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node, one way through: the files of this folder run in the order of their names and build on each other."""

from __future__ import annotations

import labctl
import pytest


@pytest.fixture(autouse=True, scope="session")
def faultless_hub():
    yield
    labctl.hub_reset()
