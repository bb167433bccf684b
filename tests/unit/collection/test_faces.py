# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faces stay thin: what several of them do is in one place, plugin_utils."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
FACES = sorted(p for kind in ("modules", "action", "filter", "callback") for p in (PLUGINS / kind).glob("*.py"))
ACTIONS = [p for p in FACES if p.parent.name == "action"]
DOCS = {"DOCUMENTATION", "EXAMPLES", "RETURN"}
LONGEST = 120  # lines of code: the rest belongs into a room


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda p: f"{p.parent.name}/{p.stem}")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def names_in(tree: ast.AST) -> set[str]:
    """Every name, attribute, keyword and imported name."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
        elif isinstance(node, ast.alias):
            found.add(node.name)
    return found


@named(FACES)
def test_faces_are_thin(path):
    code = 0
    for node in tree_of(path).body:
        documents = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in DOCS
        if not documents and not isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr)):
            code += node.end_lineno - node.lineno + 1
    assert code <= LONGEST


@named(FACES)
def test_the_catalogue_has_one_reader(path):
    assert "read_catalog" not in names_in(tree_of(path)), "plugin_utils/_catalogue.py reads it"


@named(ACTIONS)
def test_long_jobs_are_watched_in_one_way(path):
    tree = tree_of(path)
    assert "wrap_async" not in names_in(tree), "derive from plugin_utils/_watched.py"
    spoken = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert not any(word.endswith(".async_status") for word in spoken), "derive from plugin_utils/_watched.py"


@named(ACTIONS)
def test_an_actions_options_are_declared_in_its_module_alone(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "validate_argument_spec":
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            assert [getattr(getattr(call, "func", None), "id", "") for call in given] == ["argument_spec"]


@named(sorted((PLUGINS.parent / "roles").glob("*/tasks/*.yml")))
def test_roles_copy_no_core(path):
    assert "module_utils" not in path.read_text(encoding="utf-8"), "node_program puts programs on nodes"
