# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the variables that matter is what the argument specs say today."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import yaml

DOCS = Path(__file__).resolve().parents[3] / "docs"
SPEC = importlib.util.spec_from_file_location("variables", DOCS / "variables.py")
variables = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(variables)


@pytest.mark.parametrize(("language", "name"), [("en", "variables.md"), ("zh", "variables.zh.md")])
def test_the_page_is_current(language, name):
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == variables.page(language), "python3 docs/variables.py"


def test_about_thirty_that_exist():
    groups = yaml.safe_load((DOCS / "variables.yml").read_text(encoding="utf-8"))
    named = [name for group in groups for name in group["variables"]]
    assert 30 <= len(named) <= 40 and len(set(named)) == len(named)
    assert [name for name in named if name not in variables.options()] == []


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"description": "Say C(a|b)."}, ("none", "Say `a\\|b`.")),
        ({"description": ["One.", "V(x) two."], "default": True}, ("`true`", "One. `x` two.")),
        ({"description": "C(docs (of it)) here", "required": True}, ("required", "`docs (of it)` here")),
    ],
)
def test_a_row(spec, told):
    given = {"default": "", **spec}
    assert (variables.default(given, "en"), variables.plain(given)) == told
