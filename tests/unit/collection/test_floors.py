# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms of plugins/module_utils stand on five floors: a room imports only rooms of lower floors."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ROOT / "plugins" / "module_utils"
OWN = "ansible_collections.yitiji.deepseek.plugins.module_utils."
# lowest first
FLOORS = [
    "_base",
    "_http _programs",
    "_models _catalog _system",
    "_weights _engines _containers _driver _gateway _webui _monitoring _disk _facts _watch _speed _lock _audit",
    "_first_boot _bundle _doctor _verify _plan _backup _new_site _acceptance _upgrade _console _compliance",
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS, 1) for room in rooms.split()}


def wrong_imports(room: str, code: str):
    """Lines of a core that import a neighbour's room or one of a higher floor."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(OWN):
            names = [f"{node.module}.{alias.name}." for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [f"{alias.name}." for alias in node.names if alias.name.startswith(OWN)]
        else:
            continue
        for other in {name[len(OWN) :].split(".")[0] for name in names} - {room}:
            if FLOOR[other] >= FLOOR[room]:
                yield f"line {node.lineno}: floor {FLOOR[room]} {room} imports {other} of floor {FLOOR[other]}"


def test_every_room_has_a_floor():
    assert {p.name for p in ROOMS.iterdir() if p.is_dir() and p.name != "__pycache__"} == set(FLOOR)


@pytest.mark.parametrize("path", sorted(ROOMS.rglob("*.py")), ids=lambda p: "/".join(p.relative_to(ROOMS).parts))
def test_a_room_imports_lower_floors_only(path):
    room = path.relative_to(ROOMS).parts[0]
    if room != "__init__.py":
        assert list(wrong_imports(room, path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        f"from {OWN}_plan.make import make_plan",
        f"from {OWN}_weights import request",
        f"from {OWN[:-1]} import _doctor",
        f"import {OWN}_plan.make",
        f"def late():\n    from {OWN}_facts.read import read",
    ],
)
def test_a_wrong_import_is_seen(line):
    assert list(wrong_imports("_engines", line))


def test_the_page_and_the_picture_show_these_floors():
    spec = importlib.util.spec_from_file_location("floors", ROOT / "docs" / "images" / "floors.py")
    drawing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawing)
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    shown = drawing.floors(page)
    assert {number: set(rooms) for number, rooms in shown.items()} == {
        number: set(rooms.split()) for number, rooms in enumerate(FLOORS, 1)
    }
    picture = (ROOT / "docs" / "images" / "floors.svg").read_text(encoding="utf-8")
    assert picture == drawing.picture(page), "docs/images/floors.py >docs/images/floors.svg"
