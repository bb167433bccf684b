from __future__ import annotations

import copy

import pytest

from tests.sizing.common import load_catalog


@pytest.fixture(scope="session")
def _catalog():
    return load_catalog()


@pytest.fixture
def catalog(_catalog):
    """A catalogue that a test may change."""
    return copy.deepcopy(_catalog)
