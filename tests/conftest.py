"""Makes `ansible_collections.yitiji.deepseek...` importable from a plain checkout; long tests tell their times."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / ".collections"))


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
