# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan import make

from tests.sizing.common import load_catalog

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs/plan.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@pytest.fixture(scope="session")
def _catalog():
    return load_catalog()


@pytest.fixture
def catalog(_catalog):
    """A catalogue that a test may change."""
    return copy.deepcopy(_catalog)


@pytest.fixture(autouse=True)
def every_plan_fits_the_schema(monkeypatch):
    """Every plan that a test makes is held against docs/plan.schema.json when the test is over."""
    made = set()
    composed = make.compose

    def noted(wish, engines, catalog):
        plan = composed(wish, engines, catalog)
        made.add(json.dumps({**plan, "deployment": ""}, sort_keys=True))  # a thousand deployments are one plan
        return plan

    monkeypatch.setattr(make, "compose", noted)
    yield
    for plan in made:
        error = jsonschema.exceptions.best_match(VALIDATOR.iter_errors(json.loads(plan)))
        assert error is None, f"{error.json_path}: {error.message}"
