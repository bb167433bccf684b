# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts that run seldom: what their tests import is looked up here, without a run."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def listed(*patterns: str) -> list[Path]:
    said = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(ROOT / name for name in said.stdout.split("\0") if name)


TESTS = [
    path
    for path in listed("tests/**/test_*.py", "tests/**/conftest.py", "tests/lib/*.py", "molecule/**/test_*.py")
    if (ROOT / "tests/unit") not in path.parents
]


def imported(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Modules that a file imports by their whole name, each with the names taken from it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, [alias.name for alias in node.names]


def source(module: str, places: list[Path]) -> Path | None:
    """Our own file behind a module's name."""
    for place in places:
        whole = place.joinpath(*module.split("."))
        for path in (whole.with_suffix(".py"), whole):
            if path.exists():
                return path
    return None


def defined(path: Path) -> set[str]:
    """What can be taken from a file, or from a folder of them."""
    if path.is_dir():
        return {inner.stem for inner in path.iterdir()}
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name for alias in node.names}
        else:
            found |= {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return found


def missing(path: Path, on_the_path: list[Path]) -> list[str]:
    # pytest puts a test's folder on the path, and that of each conftest.py above it
    above = [folder for folder in path.parents if ROOT in folder.parents and (folder / "conftest.py").exists()]
    found = []
    for module, names in imported(path):
        own = source(module, [path.parent, *above, *on_the_path])
        if own:
            found += [f"{module}.{name}" for name in names if name not in defined(own)]
        elif importlib.util.find_spec(module.partition(".")[0]) is None:
            found.append(module)
    return found


@pytest.fixture(name="on_the_path")
def fixture_on_the_path(pytestconfig):
    return [Path(place) for place in pytestconfig.getini("pythonpath")]


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_test_imports_is_there(path, on_the_path):
    assert missing(path, on_the_path) == []


def test_the_search_finds_a_missing_one(tmp_path, on_the_path):
    test = tmp_path / "test_x.py"
    test.write_text("import labctl\nimport gone_cost\nfrom labctl import NODE, gone\nfrom tests.disk import nothing\n")
    assert missing(test, on_the_path) == ["gone_cost", "labctl.gone", "tests.disk.nothing"]
