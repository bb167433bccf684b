#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWX survey from the roles' argument specs: python3 docs/awx/survey.py [VARIABLE ...]

Prints the spec that AWX takes at /api/v2/job_templates/ID/survey_spec/. Without names it asks what survey.json asks,
which a test keeps as it is printed. No question has a default, so what is left open is decided by the inventory; an
answer wins over it. Lists and dictionaries belong there anyway, as a survey has no such answer.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
ROLES = HERE.parents[1] / "roles"
# What may differ from one launch to the next; what describes the site stands in its inventory.
ASKED = (
    "appliance_model", "appliance_context_length", "appliance_concurrency", "appliance_source", "appliance_bundle",
    "appliance_modelscope_token", "appliance_firewall", "appliance_monitoring", "appliance_language",
)  # fmt: skip
KINDS = {"str": "text", "path": "text", "int": "integer", "float": "float", "bool": "multiplechoice"}
LONGEST = 1024  # of a text in AWX


def options() -> dict[str, dict[str, Any]]:
    """Of every role's main entry point, by variable; the first role that has it describes it."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(ROLES.glob("*/meta/argument_specs.yml")):
        specs = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
        for name, spec in (specs.get("main", {}).get("options") or {}).items():
            found.setdefault(name, spec)
    return found


def question(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    kind, choices, default = spec.get("type", "str"), spec.get("choices"), spec.get("default")
    if kind not in KINDS:
        raise SystemExit(f"survey: {name} is a {kind}: set it in the inventory, a survey has no such answer")
    answer = "password" if spec.get("no_log") else "multiplechoice" if choices else KINDS[kind]
    if kind == "bool":
        choices, default = ["true", "false"], str(default).lower() if default is not None else None
    told = spec.get("description", "")
    text = plain(" ".join(told) if isinstance(told, list) else told)
    number, many = answer in ("integer", "float"), answer == "multiplechoice"
    return {
        "question_name": name,
        "question_description": text if default in (None, "") else f"{text} (default: {default})",
        "required": bool(spec.get("required")),
        "type": answer,
        "variable": name,
        "choices": [str(choice) for choice in choices or [] if choice != ""],
        "default": "",
        "min": None if many else 0,
        "max": None if many or number else LONGEST,
    }


def plain(text: str) -> str:
    """Without the markup of documentation."""
    return re.sub(r"[A-Z]\(([^)]*)\)", r"\1", " ".join(text.split()))


def survey(names: tuple[str, ...]) -> str:
    known = options()
    missing = [name for name in names if name not in known]
    if missing:
        raise SystemExit(f"survey: no role has the variable {', '.join(missing)}")
    spec = {
        "name": "yitiji.deepseek",
        "description": "What is left open is decided by the inventory; an answer wins over it.",
        "spec": [question(name, known[name]) for name in names],
    }
    return json.dumps(spec, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    print(survey(tuple(sys.argv[1:]) or ASKED), end="")
