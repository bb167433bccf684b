# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A bundle made on one side, a node without any way out on the other: the files run in the order of their names."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import labctl
import offline


@pytest.fixture(autouse=True, scope="session")
def lab_as_before():
    yield
    labctl.lab("egress", "on", check=False)
    labctl.hub_reset()
    offline.clean()


@pytest.fixture(autouse=True)
def told_time(request):
    t0 = time.monotonic()
    print(f"\n==> {request.node.name}", flush=True)
    yield
    print(f"    {time.monotonic() - t0:.0f} s", flush=True)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name)
