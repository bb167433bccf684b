# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of environment variables whose values are secrets, for one service's user to read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic

MODE = 0o400


class Content(NamedTuple):
    text: str
    missing: List[str]  # secrets that are not there


class State(NamedTuple):
    changed: bool
    wrong: List[str]  # with the file's mode or owner


def content(variables: Mapping[str, Any], folder: Path) -> Content:
    """The file's text, and the secrets that are missing.

    `variables`: variable -> name of a secret, or a list of names, whose values are joined by semicolons; "" is empty.
    """
    values: Dict[str, str] = {}
    missing: List[str] = []
    for variable, given in variables.items():
        names = [str(name or "") for name in (given if isinstance(given, list) else [given])]
        found = {name: secrets.read(folder / name) for name in names if name}
        missing += [name for name in names if name and found[name] is None]
        values[variable] = ";".join((name and found[name]) or "" for name in names)
    return Content(secrets.shell_lines(values), missing)


def state(path: Path, owner: int, text: str, wanted: bool) -> State:
    """Whether the file must be changed (or removed, if it is not `wanted`), and what its mode or owner lacks."""
    wrong = secrets.problems(path, MODE, owner, owner)
    differs = secrets.read(path) != (text.strip() or None)
    return State((differs or bool(wrong)) if wanted else path.exists(), wrong)


def put(path: Path, owner: int, text: str) -> None:
    """Writes the file for the user `owner` alone."""
    secrets.private_folder(str(path.parent))
    write_atomic(str(path), text, MODE, owner, owner)


def remove(path: Path) -> None:
    os.unlink(path)


def diff(path: Path, variables: Mapping[str, Any], found: State, wanted: bool) -> Dict[str, str]:
    """What --diff shows: names, never values."""
    shown = "{}: {}\n".format(path, " ".join(sorted(variables)))
    before = "{}: {}\n".format(path, ", ".join(found.wrong) or "other values")
    return {"before": before if found.changed and wanted else shown, "after": shown if wanted else ""}
