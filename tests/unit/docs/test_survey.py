# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AWX survey: what AWX's API refuses of a spec, and that it follows the argument specs."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[3] / "docs/awx"
SPEC = importlib.util.spec_from_file_location("survey", HERE / "survey.py")
survey = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(survey)
# the types that AWX knows, and what a default of each must be
TYPES = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": float,
}
SCALARS = sorted(name for name, spec in survey.options().items() if spec.get("type", "str") in survey.KINDS)


def refused(text: str) -> list[str]:
    """What AWX says of a spec, in our words."""
    found, seen, spec = [], set(), json.loads(text)
    if set(spec) != {"name", "description", "spec"} or not spec["name"] or not spec["description"] or not spec["spec"]:
        found.append("name, description and spec")
    for asked in spec["spec"]:
        name = asked["variable"]
        if asked["type"] not in TYPES:
            found.append(f"{name}: {asked['type']} is no type")
        if not isinstance(asked["required"], bool) or not asked["question_name"]:
            found.append(f"{name}: required, question_name")
        if name in seen:
            found.append(f"{name}: twice")
        seen.add(name)
        if asked["default"] != "" and not isinstance(asked["default"], TYPES[asked["type"]]):
            found.append(f"{name}: default {asked['default']}")
        if asked["type"] in ("multiplechoice", "multiselect"):
            good = asked["choices"] and all(isinstance(c, str) and c for c in asked["choices"])
            found += [] if good else [f"{name}: choices"]
        found += [f"{name}: {key}" for key in ("min", "max") if asked[key] is not None and type(asked[key]) is not int]
    return found


def test_the_file_is_what_is_printed_and_awx_takes_it():
    text = (HERE / "survey.json").read_text(encoding="utf-8")
    assert text == survey.survey(survey.ASKED), "python3 docs/awx/survey.py > docs/awx/survey.json"
    assert refused(text) == []


def test_every_variable_that_has_an_answer_can_be_asked():
    assert len(SCALARS) > 200
    spec = json.loads(survey.survey(tuple(SCALARS)))["spec"]
    assert refused(survey.survey(tuple(SCALARS))) == []
    known = survey.options()
    for asked in spec:
        told = known[asked["variable"]]
        assert asked["required"] == bool(told.get("required")) and asked["default"] == ""
        assert (asked["type"] == "password") == bool(told.get("no_log")), asked["variable"]
        assert "C(" not in asked["question_description"] and asked["question_description"], asked["variable"]


@pytest.mark.parametrize(
    ("spec", "kind", "choices"),
    [
        ({"type": "int", "default": 3}, "integer", []),
        ({"type": "float"}, "float", []),
        ({"type": "bool", "default": True}, "multiplechoice", ["true", "false"]),
        ({"type": "int", "choices": [1, 2]}, "multiplechoice", ["1", "2"]),
        ({"no_log": True}, "password", []),
        ({}, "text", []),
    ],
)
def test_kinds(spec, kind, choices):
    asked = survey.question("x", {"description": "Say C(x) or V(y).", **spec})
    assert (asked["type"], asked["choices"]) == (kind, choices)
    told = {3: " (default: 3)", True: " (default: true)"}.get(spec.get("default"), "")
    assert asked["question_description"] == f"Say x or y.{told}"


@pytest.mark.parametrize(
    "names", [("appliance_hardware",), ("appliance_modle",), ("appliance_model", "nothing_at_all")]
)
def test_what_cannot_be_asked_is_named(names):
    with pytest.raises(SystemExit, match=names[-1]):
        survey.survey(names)
