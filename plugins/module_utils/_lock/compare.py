# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between two states of a deployment: one row for each thing, as a person reads it.

A state is what the lock keeps of a deployment: {collection, engine, images, models, nodes, wheels}.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry, moved

State = Mapping[str, Any]
SWAPPED = ("images", "models")  # here one that went and one that came are one change; one that only came is an addition


class Difference(NamedTuple):
    """Empty where one side has nothing."""

    what: str
    before: str
    after: str

    def text(self) -> str:
        """`images.open-webui.digest: sha256:… -> sha256:…`."""
        return f"{self.what}: {self.before or '-'} -> {self.after or '-'}" if self.before or self.after else self.what


def flat(state: State, above: str = "") -> Dict[str, str]:
    """Path -> value of all that is known, but for a model's files."""
    rows: Dict[str, str] = {}
    for name, value in sorted(state.items()):
        if isinstance(value, Mapping):
            rows.update({} if name == "files" else flat(value, f"{above}{name}."))
        elif value not in (None, ""):
            rows[above + name] = str(value)
    return rows


def files_of(model: State) -> List[Entry]:
    """The files of a model as the lock keeps them."""
    return [Entry(str(path), int(row["bytes"]), str(row.get("sha256") or "")) for path, row in model["files"].items()]


def differences(before: State, after: State) -> List[Difference]:
    """Everything that differs, additions and removals too."""
    old, new = flat(before), flat(after)
    names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    rows = [Difference(name, old.get(name, ""), new.get(name, "")) for name in names if not _says_files(name)]
    return rows + _moved(before, after)


def clashes(locked: State, found: State) -> List[Difference]:
    """What was found and is not what is locked; what only one side knows of a thing is equal."""
    rows = [row for row in differences(locked, found) if row.before and row.after]
    for part in SWAPPED:
        old, new = (set(state.get(part) or {}) for state in (locked, found))
        if old - new and new - old:
            rows.append(Difference(part, ", ".join(sorted(old - new)), ", ".join(sorted(new - old))))
    return rows + _moved(locked, found)


def _says_files(name: str) -> bool:
    return name.startswith("models.") and name.endswith(".manifest")  # told by the files that differ


def _moved(before: State, after: State) -> List[Difference]:
    rows = []
    for name, old in (before.get("models") or {}).items():
        new = (after.get("models") or {}).get(name) or {}
        if old.get("files") and new.get("files"):
            rows += [Difference(f"models.{name}: {words}", "", "") for words in moved(files_of(old), files_of(new))]
    return rows
