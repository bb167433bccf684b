# SPDX-License-Identifier: GPL-3.0-or-later
"""Long tests print how long they took. What makes the collection importable is `pythonpath` in pyproject.toml."""

from __future__ import annotations

import time

import pytest


@pytest.fixture(autouse=True)
def told_time(request):
    """Where what is printed is seen at once (-s)."""
    if request.config.getoption("capture") != "no":
        yield
        return
    t0 = time.monotonic()
    print(f"\n==> {request.node.name}", flush=True)
    yield
    print(f"    {time.monotonic() - t0:.0f} s", flush=True)
