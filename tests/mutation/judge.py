# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs mutants against the unit tests and tells which survived: a list on stdin, JSON lines on stdout.

A run without mutants notes which test calls which function, so a mutant meets only tests that reach its function, those
of its own file first. Tests are collected once a room, and each mutant is a fork in which the functions get its code;
where that is not enough (a class, a constant, what runs while tests are collected) the fork imports everything anew.
"""

from __future__ import annotations

import ast
import collections
import contextlib
import gc
import inspect
import json
import os
import sys
import time
import types
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cage  # these two lie beside this file
from forks import Chosen, Noted, in_a_fork, pytest_in_fork, say

ROOMS = "plugins/module_utils/"
TESTS = "tests/unit/module_utils/"
Runner = Callable[[list[str], "list[str] | None", int, float], "int | None"]


def own_tests(name: str) -> str:
    folder, _, file = name.removeprefix(ROOMS).rpartition("/")
    return f"{TESTS}{folder}/test_{file}"


def tests_of_others(name: str, copy: Path) -> list[str]:
    """Where a file without a test of its own is tested outside its room, by the list that test_mirror.py keeps.

    Not by tests of modules, which are programs (a mutant would wait for dozens of them), nor by those that need a lab.
    """
    folder, _, file = name.removeprefix(ROOMS).rpartition("/")
    text = (copy / "tests/unit/collection/test_mirror.py").read_text(encoding="utf-8")
    table = next(node.value for node in ast.parse(text).body if isinstance(node, ast.Assign) and is_table(node))
    places = [
        place for place, _why, room, cores in ast.literal_eval(table) if room == folder and file[:-3] in cores.split()
    ]
    found: list[str] = []
    for place in places:
        path = copy / "tests" / place
        found += [each.relative_to(copy).as_posix() for each in sorted(path.glob("test_*.py")) or [path]]
    never = (f"{TESTS}{folder.split('/')[0]}/", "tests/unit/modules/", "tests/bundle/", "tests/fault/test_interrupt.py")
    return [path for path in found if not path.startswith(never)]


def is_table(node: ast.Assign) -> bool:
    return [target.id for target in node.targets if isinstance(target, ast.Name)] == ["ELSEWHERE"]


def files_of(tests: list[str]) -> list[str]:
    return list(dict.fromkeys(test.partition("::")[0] for test in tests))


def functions(source: str) -> list[tuple[int, int]]:
    """The first and the last line of every function, decorators included as in co_firstlineno."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found.append((start, node.end_lineno or node.lineno))
    return found


class Room:
    """The tests of one room, as they are without a mutant."""

    def __init__(self, folder: str, copy: Path, files: list[str]):
        self.tests = f"{TESTS}{folder}"
        others = sorted({path for name in files for path in tests_of_others(name, copy)})
        note = Path(os.environ["HOME"]) / "noted.json"
        note.unlink(missing_ok=True)
        noted = Noted(f"{ROOMS}{folder}/")

        def keep() -> None:
            sys.settrace(None)
            called = {test: sorted(lines) for test, lines in noted.called.items()}
            note.write_text(json.dumps([called, noted.seconds, noted.failed]), encoding="utf-8")

        sys.settrace(None)
        started = time.monotonic()
        self.paths = [self.tests, *others]
        status = pytest_in_fork(self.paths, noted, 1200, 1200, keep)
        if status not in (0, 1) or not note.exists():
            say(told=Path(os.environ["HOME"], "said").read_text(encoding="utf-8")[-3000:])
            raise SystemExit(f"{self.tests} did not run without a mutant (status {status})")
        called, self.seconds, failed = json.loads(note.read_text(encoding="utf-8"))
        self.called = {test: {tuple(pair) for pair in pairs} for test, pairs in called.items() if test}
        self.failed = set(failed)
        self.first = set(map(tuple, called.get("", [])))  # called while tests are collected
        told = f", {len(failed)} left out that fail in the cage: {' '.join(failed)}" if failed else ""
        say(told=f"{folder}: {len(self.seconds)} tests, {time.monotonic() - started:.0f} s without a mutant{told}")

    def reach(self, name: str, source: str, line: int) -> list[str] | None:
        """Tests that call the function around a line, own and quick ones first; None for a line outside functions."""
        around = [f for f in functions(source) if f[0] <= line <= f[1]]
        if not around:
            return None
        start = max(around)[0]
        own = own_tests(name)
        wanted = (name, start)
        found = [test for test, pairs in self.called.items() if wanted in pairs and test not in self.failed]
        places = {test: (not test.startswith(own), not test.startswith(self.tests)) for test in found}
        return sorted(found, key=lambda test: (places[test], self.seconds[test]))


def stages_of(
    name: str, reach: list[str] | None, room: Room, copy: Path
) -> list[tuple[str, list[str], list[str] | None]]:
    """What is run one after another until something fails: a word, paths, and the tests chosen there (None: all)."""
    own = own_tests(name)
    if reach:
        mine = [test for test in reach if test.startswith(own)]
        stages: list[tuple[str, list[str], list[str] | None]] = []
        stages += [("own", files_of(chosen), chosen) for chosen in [mine] if chosen]
        stages += [("others", files_of(chosen), chosen) for chosen in [reach[len(mine) :]] if chosen]
        return [*stages, ("whole files", files_of(reach), None)]  # what a shared fixture did for the first test alone
    others = tests_of_others(name, copy)
    return [
        *([("own", [own], None)] if (copy / own).exists() else []),  # these may start programs
        *([("room", [room.tests], None)] if reach is None else []),
        *([("others", others, None)] if others else []),
    ]


@contextlib.contextmanager
def in_place(mutant: dict[str, Any], source: Path) -> Iterator[str]:
    path = source / mutant["file"]
    original = path.read_text(encoding="utf-8")
    for cached in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        cached.unlink()
    path.write_text(mutant["code"], encoding="utf-8")
    try:
        yield original
    finally:
        path.write_text(original, encoding="utf-8")


def judged(mutant: dict[str, Any], room: Room, source: Path, copy: Path, run: Runner) -> tuple[str, str]:
    """How a mutant ended (killed, killed by time, survived) and by which tests."""
    name = mutant["file"]
    with in_place(mutant, source) as original:
        reach = room.reach(name, original, mutant["line"])
        for what, paths, chosen in stages_of(name, reach, room, copy):
            base = sum(seconds for test, seconds in room.seconds.items() if test.startswith(tuple(paths)))
            status = run(paths, chosen, int(20 + 6 * base), 30 + 8 * base)
            if status is None:
                return "killed by time", what
            if status not in (0, 5):
                return "killed", what
    return "survived", "" if reach is None or reach else "no test calls it"


def afresh(room: Room) -> Runner:
    """Tests that import everything anew."""
    return lambda paths, chosen, cpu, wall: pytest_in_fork(paths, Chosen(chosen, room.failed), cpu, wall)


def codes(code: types.CodeType) -> list[types.CodeType]:
    return [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]


def itself(code: types.CodeType) -> list[Any]:
    """A code object without those in it."""
    constants = [part for part in code.co_consts if not isinstance(part, types.CodeType)]
    return [code.co_code, repr(constants), code.co_names, code.co_varnames]


def swaps(old: types.CodeType, new: types.CodeType) -> dict[types.CodeType, types.CodeType] | None:
    """Code of functions to be replaced; None where code of a module or a class differs, which has run already."""
    left, right = codes(old), codes(new)
    if len(left) != len(right):
        return None
    found: dict[types.CodeType, types.CodeType] = {}
    for one, other in zip(left, right):
        inner = swaps(one, other)
        if inner is None:
            return None
        found.update(inner)
    function = old.co_flags & inspect.CO_NEWLOCALS and "__qualname__" not in old.co_names
    differs = itself(old) != itself(new)
    if differs and not function:
        return None
    if function and (differs or found):  # it makes those in it
        found[old] = new
    return found


class Server:
    """A pytest plugin: everything is collected once; each mutant is a fork whose functions get the mutant's code."""

    def __init__(self, room: Room, mutants: list[tuple[int, dict[str, Any]]], source: Path, copy: Path, end: float):
        self.room, self.mutants, self.source, self.copy, self.end = room, mutants, source, copy, end
        self.functions: list[types.FunctionType] = []

    def patched(self, mutant: dict[str, Any]) -> list[tuple[types.FunctionType, types.CodeType]] | None:
        name = mutant["file"]
        old = compile((self.copy / name).read_text(encoding="utf-8"), name, "exec")
        wanted = swaps(old, compile(mutant["code"], name, "exec"))
        if not wanted or any((name, code.co_firstlineno) in self.room.first for code in wanted):
            return None
        found = []
        place = {(code.co_qualname, code.co_firstlineno): new for code, new in wanted.items()}
        for function in self.functions:
            old, new = function.__code__, place.get((function.__code__.co_qualname, function.__code__.co_firstlineno))
            if new and old.co_filename.endswith(name) and len(new.co_freevars) == len(old.co_freevars):
                found.append((function, new.replace(co_filename=old.co_filename)))
        outermost = {key for key in place if "<locals>" not in key[0]}
        reached = {(function.__code__.co_qualname, function.__code__.co_firstlineno) for function, _ in found}
        return found if outermost <= reached else None

    def run(
        self, items: dict[str, Any], patches: Any, paths: list[str], chosen: list[str] | None, cpu: int, wall: float
    ) -> int | None:
        names = [name for name in items if name.startswith(tuple(paths))] if chosen is None else chosen
        some = [items[name] for name in names if name in items]

        def work() -> int:
            for function, code in patches:
                function.__code__ = code
            for item, following in zip(some, [*some[1:], None]):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if item.session.testsfailed or item.session.shouldfail:
                    return 1
            return 0

        return in_a_fork(work, cpu, wall)

    def pytest_runtestloop(self, session: Any) -> bool:
        items = {item.nodeid: item for item in session.items if item.nodeid not in self.room.failed}
        gc.collect()
        ours = f"/{self.room.tests.replace(TESTS, ROOMS)}/"
        every = [thing for thing in gc.get_objects() if isinstance(thing, types.FunctionType)]
        self.functions = [function for function in every if ours in function.__code__.co_filename]
        gc.freeze()
        for number, mutant in self.mutants:
            if time.monotonic() > self.end:
                break
            patches = self.patched(mutant)
            if patches is None:
                continue

            run = partial(self.run, items, patches)
            how, by = judged(mutant, self.room, self.source, self.copy, run)
            say(number=number, how=how, by=by, fast=True)
            with open(os.environ["HOME"] + "/done", "a", encoding="utf-8") as stream:
                stream.write(f"{number}\n")
        return True


def serve(room: Room, mutants: list[tuple[int, dict[str, Any]]], source: Path, copy: Path, end: float) -> set[int]:
    """The numbers of those mutants that could be tried without importing everything anew."""
    done = Path(os.environ["HOME"]) / "done"
    done.write_text("", encoding="utf-8")
    server = Server(room, mutants, source, copy, end)
    pytest_in_fork(room.paths, server, 100000, end - time.monotonic() + 600, lambda: None)
    return {int(line) for line in done.read_text(encoding="utf-8").split()}


def preload(copy: Path) -> None:
    """What every fork would load again. YAML of the catalogue is read once: nothing of ours is in that."""
    import pickle

    import _pytest.assertion.rewrite  # noqa: F401
    import hypothesis  # noqa: F401
    import jsonschema  # noqa: F401
    import pytest  # noqa: F401
    import yaml

    read, known = yaml.safe_load, {}
    for path in (copy / "plugins/catalog").rglob("*.yml"):
        text = path.read_text(encoding="utf-8")
        known[text] = pickle.dumps(read(text))

    def quick(text: Any) -> Any:
        return pickle.loads(known[text]) if isinstance(text, str) and text in known else read(text)

    yaml.safe_load = quick


def room_of(name: str) -> str:
    return name.removeprefix(ROOMS).partition("/")[0]


def main() -> None:
    wanted = json.load(sys.stdin)
    sys.path.pop(0)  # the folder of this file: tests come from the copy alone
    source, copy = cage.enter(Path(wanted["root"]), wanted["files"], Path(wanted["scratch"]))
    end = time.monotonic() + wanted["seconds"]
    preload(copy)
    sys.dont_write_bytecode = False
    rooms: dict[str, list[tuple[int, dict[str, Any]]]] = collections.defaultdict(list)
    for number, mutant in enumerate(wanted["mutants"]):
        rooms[room_of(mutant["file"])].append((number, mutant))
    left = 0
    for folder, mutants in rooms.items():
        if time.monotonic() > end:
            left += len(mutants)
            continue
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        room = Room(folder, copy, sorted({mutant["file"] for _, mutant in mutants}))
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        done = serve(room, mutants, source, copy, end)
        for number, mutant in mutants:
            if number in done:
                continue
            if time.monotonic() > end:
                left += 1
                continue
            how, by = judged(mutant, room, source, copy, afresh(room))
            say(number=number, how=how, by=by)
        sys.dont_write_bytecode = False
    if left:
        say(told=f"the time is over: {left} mutants were not run")


if __name__ == "__main__":
    main()
