"""Counts who hands the plan on, from `make_plan` to the text of the unit files: python -m tests.sizing.walk"""

from __future__ import annotations

import sys
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import units_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.units import engine_settings
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.container_unit import container, exec_line

from tests.sizing.common import declared, load_catalog, plan

ROLE: dict[str, Any] = {
    "image": "sha256:a", "user": 1, "network": "n", "command": [], "models_dir": "/m", "cache_dir": "/c",
    "secrets_dir": "/s", "tmp_options": "rw", "env": {},
}  # fmt: skip
MARKS = {"args", "nodes", "schema"}  # what has one of these is the plan, or one engine's part of it


def part(value: Any) -> bool:
    return isinstance(value, dict) and bool(MARKS & set(value))


def walk() -> set[tuple[str, str]]:
    """(file, function) of each that returned the plan or an engine's part."""
    found: set[tuple[str, str]] = set()

    def look(frame: Any, event: str, answer: Any) -> None:
        path = frame.f_code.co_filename
        rows = answer if isinstance(answer, list) else [answer]
        if event == "return" and "/plugins/" in path and any(part(row) for row in rows):
            found.add((path.split("/plugins/")[1], frame.f_code.co_name))

    catalog = load_catalog()
    sys.setprofile(look)
    made = plan(catalog, declared("rtx-4090-24g", 4), profile="basic", concurrency=16, replicas=2)
    for unit in units_of(made, "n1"):
        exec_line(container(engine_settings(made, unit, ROLE)))
    sys.setprofile(None)
    return {row for row in found if row[1] not in ("<listcomp>", "units_of")}


def main() -> None:
    rows = sorted(walk())
    print(f"{len(rows)} functions in {len({file for file, _name in rows})} files hand the plan or an engine's part on:")
    for file, name in rows:
        print(f"  {file}: {name}")


if __name__ == "__main__":
    main()
