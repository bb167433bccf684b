from __future__ import annotations

import copy
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.sizing.common import load_catalog


@pytest.fixture(scope="session")
def _catalog():
    return load_catalog()


@pytest.fixture
def catalog(_catalog):
    """A catalogue that a test may change."""
    return copy.deepcopy(_catalog)
