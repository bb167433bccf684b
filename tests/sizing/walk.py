# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the walk of a plan, from the action serving_plan to the text of the unit files: python -m tests.sizing.walk

On the walk is each function below plugins/ that is given, or returns, what is being made: the wish, an engine's
settings and sizing, the plan or a part of it with units or arguments, the words of a unit's command, and its text.
Beside the walk lies what is made for people to read: the explanation.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from unittest import mock

from ansible_collections.yitiji.deepseek.plugins.action.serving_plan import ActionModule
from ansible_collections.yitiji.deepseek.plugins.filter.container_unit import FilterModule

from tests.sizing.common import declared

ROLE: dict[str, Any] = {
    "image": "sha256:a", "user": 1, "network": "n", "command": [], "models_dir": "/m", "cache_dir": "/c",
    "secrets_dir": "/s", "tmp_options": "rw", "env": {},
}  # fmt: skip
MADE = {"Wish", "Guest", "Settings", "GgufSettings", "Rank", "Sizing"}
TOLD = ("module_utils/_plan/text.py",)
MODEL = "/models/deepseek-ai"  # in each engine's arguments, so in the words and the text that are made from them
WISHES: dict[str, dict[str, Any]] = {
    "one engine": {},
    "two copies of a model": {"replicas": 2},
    "two models": {"beside": [{"model": "deepseek-r1-1.5b", "cards": 1}]},
}


def plan(**wish: Any) -> dict[str, Any]:
    """A plan as the action returns it."""
    nodes = declared("rtx-4090-24g", 4)
    task = mock.Mock(args={"deployment": "demo", "profile": "basic", "nodes": nodes, **wish}, async_val=0, diff=False)
    action = ActionModule(task, *(mock.Mock() for _other in range(5)))
    made: dict[str, Any] = action.run(None, {"inventory_hostname": "n1"})["plan"]
    return made


def walk(**wish: Any) -> set[tuple[str, str]]:
    """(file, function) of each that is on the walk."""
    found: set[tuple[str, str]] = set()
    aside = 0

    def look(frame: Any, event: str, answer: Any) -> None:
        nonlocal aside
        code = frame.f_code
        file, name = code.co_filename.rpartition("/deepseek/plugins/")[2], code.co_name
        if file == code.co_filename or (name.startswith("<") and name != "<lambda>"):
            return
        if file in TOLD:
            aside += {"call": 1, "return": -1}.get(event, 0)
        elif not aside:
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            given = [frame.f_locals.get(key) for key in names if key != "self"]
            if made(given if event == "call" else answer if event == "return" else None):
                found.add((file, name))

    execute = FilterModule().filters()["engine_exec"]
    sys.setprofile(look)
    try:
        ready = plan(**wish)
        for node in ready["nodes"].values():
            for unit in node["units"]:
                execute(ready, unit, ROLE)
    finally:
        sys.setprofile(None)
    return found


def made(value: Any, deep: int = 6) -> bool:
    """Whether this is what the walk makes, or holds it."""
    if isinstance(value, str):
        return MODEL in value and "/srv" not in value
    if isinstance(value, dict):
        told = "args" in value or "units" in value or {"schema", "nodes"} <= set(value)
        return deep > 0 and (told or any(made(part, deep - 1) for part in value.values()))
    if isinstance(value, (list, tuple)) and type(value).__name__ not in MADE:
        return deep > 0 and any(made(part, deep - 1) for part in value)
    return type(value).__name__ in MADE


def main() -> None:
    for title, wish in WISHES.items():
        rows = sorted(walk(**wish))
        files = {file for file, _name in rows}
        rooms = {str(Path(file).parent) for file in files}
        print(f"{title}: {len(rows)} functions in {len(files)} files of {len(rooms)} rooms")
        for file, name in rows:
            print(f"  {file}: {name}")


if __name__ == "__main__":
    main()
