# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle made on one side, a node without internet on the other: the files run in the order of their names."""

from __future__ import annotations

import labctl
import offline
import pytest


@pytest.fixture(autouse=True, scope="session")
def lab_as_before():
    yield
    labctl.lab("egress", "on", check=False)
    labctl.hub_reset()
    offline.clean()


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name)
