# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/plan.schema.json itself. That each plan fits it is seen in tests/unit/conftest.py, for every test."""

from __future__ import annotations

import json

import jsonschema
import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import SCHEMA

from tests.sizing.common import ROOT, declared, plan

FORM = json.loads((ROOT / "docs/plan.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(FORM)


def faults(made):
    return [error.json_path for error in VALIDATOR.iter_errors(json.loads(json.dumps(made)))]


def test_it_is_a_schema_and_of_this_release():
    jsonschema.Draft202012Validator.check_schema(FORM)
    assert FORM["properties"]["schema"]["const"] == SCHEMA


def test_every_field_is_described():
    bare = []

    def look(part, path):
        for name, row in (part.get("properties") or {}).items():
            if not set(row) & {"description", "$ref", "const"} and name not in ("zh", "en"):
                bare.append(f"{path}.{name}")
            look(row, f"{path}.{name}")
        for key in ("additionalProperties", "items"):
            if isinstance(part.get(key), dict):
                look(part[key], path)

    look(FORM, "")
    for name, row in FORM["$defs"].items():
        look(row, name)
    assert bare == []


@pytest.fixture
def made(catalog):
    return json.loads(json.dumps(plan(catalog, declared("h20-96g", 8, 2), profile="flagship")))


def head(made):
    return made["nodes"]["n1"]["units"][0]


def rank(made):
    return made["nodes"]["n2"]["units"][0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: made.update(schema=1),
        lambda made: made.update(args=[]),
        lambda made: made.pop("totals"),
        lambda made: made.update(nodes={}),
        lambda made: made["nodes"]["n1"].update(copies=[]),
        lambda made: made["nodes"]["n1"].update(units=[]),
        lambda made: head(made).pop("capacity"),
        lambda made: head(made).update(url=None),
        lambda made: head(made).update(port=70000),
        lambda made: head(made).update(name="vllm"),
        lambda made: head(made)["env"].update(N=1),
        lambda made: rank(made).update(port=8000),
        lambda made: rank(made).update(capacity=head(made)["capacity"]),
        lambda made: made["warnings"].append({"id": "LLM1", "zh": "", "en": ""}),
    ],
)
def test_a_planted_fault_is_found(made, spoil):
    assert faults(made) == []
    spoil(made)
    assert faults(made) != []
