# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages of a list are not there as wanted."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Dict, Iterable, List


def installed(lines: Iterable[str]) -> Dict[str, str]:
    """{name: version} out of `dpkg-query --show` lines of the form `status/name/version`."""
    rows = [line.split("/", 2) for line in lines]
    return {row[1]: row[2] for row in rows if len(row) == 3 and row[0] == "installed"}


def missing(lines: Iterable[str], wanted: Iterable[str]) -> List[str]:
    """What has to be installed: absent names, and `name=version` where another version is; `*` as apt reads it."""
    have = installed(lines)
    found = []
    for package in wanted:
        name, _, version = package.partition("=")
        if name not in have or (version and not fnmatchcase(have[name], version)):
            found.append(package)
    return found
