# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups stay: the newest ones, and one of each of the last days, weeks and months that have any."""

from __future__ import annotations

import datetime
import re
from typing import Dict, Iterable, List, Mapping, Set

FORM = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]*)-(?P<stamp>\d{8}T\d{6}Z)\.tar\.gz(\.age)?")
PART = ".part"  # while it is on its way
PERIODS = {"daily": "%Y-%m-%d", "weekly": "%G-W%V", "monthly": "%Y-%m"}


def stamp_of(file: str, name: str) -> str:
    """The time in a file's name; empty where it is none of this name's backups."""
    found = FORM.fullmatch(file)
    return found.group("stamp") if found and found.group("name") == name else ""


def mine(files: Iterable[str], name: str) -> List[str]:
    """Newest first."""
    stamps = {file: stamp_of(file, name) for file in files}
    return sorted((file for file in stamps if stamps[file]), key=lambda file: (stamps[file], file), reverse=True)


def doomed(files: Iterable[str], name: str, rule: Mapping[str, int], made: str) -> List[str]:
    """Those that the rule does not keep, oldest first; never the one just made, whatever the clock says."""
    rows = mine(files, name)
    kept: Set[str] = {made, *rows[: max(1, int(rule["last"]))]}
    for period, form in PERIODS.items():
        newest: Dict[str, str] = {}
        for file in rows:
            when = datetime.datetime.strptime(stamp_of(file, name), "%Y%m%dT%H%M%SZ")
            newest.setdefault(when.strftime(form), file)
        kept.update(list(newest.values())[: int(rule[period])])
    return [file for file in reversed(rows) if file not in kept]


def halves(files: Iterable[str], name: str, made: str) -> List[str]:
    """What transfers that were cut left beside the backups, of earlier ones than the one just made."""
    stems = {file: stamp_of(file[: -len(PART)], name) for file in files if file.endswith(PART)}
    return sorted(file for file, stamp in stems.items() if stamp and stamp < stamp_of(made, name))
