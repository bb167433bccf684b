# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that stay at their version: the list of dnf's plugin versionlock or, without it, excludes in dnf.conf.

The files are written here and not by `dnf versionlock`, which reads every repository first and so needs the network.
"""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Dict, List, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.dnf_answers import Row

PLUGINS = ("usr/lib/python3*/site-packages/dnf-plugins", "usr/lib/python3/dist-packages/dnf-plugins")
CONFIG = "etc/dnf/plugins/versionlock.conf"
LIST = "etc/dnf/plugins/versionlock.list"
MAIN = "etc/dnf/dnf.conf"
NOTE = "# yitiji.deepseek keeps these at their versions; this line and the next are its own"


class Locks:
    def __init__(self, root: str = "/") -> None:
        self.root = root

    def held(self, installed: Sequence[Row]) -> List[str]:
        patterns = locked(read_text(self._list())) if self._plugin() else excluded(read_text(self._path(MAIN)))
        return sorted({row.name for row in installed if any(fits(row, pattern) for pattern in patterns)})

    def hold(self, installed: Sequence[Row], names: Sequence[str]) -> None:
        there = [row for row in installed if row.name in names]
        if self._plugin():
            path = self._list()
            lines = read_text(path).splitlines()
            wanted = [f"{row.name}-{with_epoch(row.version)}.*" for row in there]
            lines += [line for line in wanted if line not in lines]
            write_atomic(path, "".join(f"{line}\n" for line in lines), 0o644)
        else:
            self._exclude(sorted({*self._ours(), *(row.name for row in there)}))

    def unhold(self, installed: Sequence[Row], names: Sequence[str]) -> None:
        """Lifts what was set for these, at whatever version: a package may have changed or gone since."""
        if self._plugin():
            path = self._list()
            lines = [line for line in read_text(path).splitlines() if locked_name(line) not in names]
            write_atomic(path, "".join(f"{line}\n" for line in lines), 0o644)
        else:
            self._exclude([name for name in self._ours() if name not in names])

    def _plugin(self) -> bool:
        there = any(list(Path(self.root).glob(f"{place}/versionlock.py")) for place in PLUGINS)
        off = re.search(r"^\s*enabled\s*=\s*(0|no|false)\s*$", read_text(self._path(CONFIG)), re.M | re.I)
        return there and not off

    def _path(self, name: str) -> str:
        return os.path.join(self.root, name)

    def _list(self) -> str:
        named = re.search(r"^\s*locklist\s*=\s*(\S+)", read_text(self._path(CONFIG)), re.M)
        return self._path(named.group(1).lstrip("/") if named else LIST)

    def _ours(self) -> List[str]:
        lines = read_text(self._path(MAIN)).splitlines()
        for number, line in enumerate(lines[:-1]):
            if line == NOTE:
                return [name for name in re.split(r"[\s,=]+", lines[number + 1])[1:] if name not in self._theirs()]
        return []

    def _theirs(self) -> List[str]:
        """What was excluded before: dnf takes the last line alone, so ours repeats them."""
        return self._before()["names"].split()

    def _before(self) -> Dict[str, str]:
        lines = read_text(self._path(MAIN)).splitlines()
        kept: List[str] = []
        names: List[str] = []
        skip = False
        for line in lines:
            if line == NOTE:
                skip = True
            elif skip:
                skip = False
            else:
                kept.append(line)
                match = re.match(r"\s*(?:excludepkgs|exclude)\s*=\s*(.*)$", line)
                names = re.split(r"[\s,]+", match.group(1).strip()) if match else names
        return {"text": "".join(f"{line}\n" for line in kept), "names": " ".join(name for name in names if name)}

    def _exclude(self, names: Sequence[str]) -> None:
        before = self._before()
        text = before["text"] or "[main]\n"
        if names:
            wanted = " ".join([*before["names"].split(), *names])
            lines = text.splitlines()
            end = next(
                (n for n, line in enumerate(lines) if n and line.startswith("[") and line != "[main]"), len(lines)
            )
            text = "".join(f"{line}\n" for line in [*lines[:end], NOTE, f"excludepkgs={wanted}", *lines[end:]])
        write_atomic(self._path(MAIN), text, 0o644)


def locked(text: str) -> List[str]:
    """Patterns in versionlock's list."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and line[0] not in "#!"]


def excluded(text: str) -> List[str]:
    """Names and patterns in dnf.conf, whoever set them."""
    found: List[str] = []
    for values in re.findall(r"^\s*(?:excludepkgs|exclude)\s*=\s*(.*)$", text, re.M):
        found += re.split(r"[\s,]+", values.strip())
    return [name for name in found if name]


def with_epoch(version: str) -> str:
    return version if ":" in version else f"0:{version}"


def locked_name(line: str) -> str:
    """`docker-ce` from `docker-ce-3:28.0.1-1.el9.*`."""
    match = re.match(r"!?(.+)-(?:\d+:)?[^-]+-[^-]+$", line.strip())
    return match.group(1) if match else line.strip()


def fits(row: Row, pattern: str) -> bool:
    """Whether a lock or an exclude means an installed package, in any of the ways to write one."""
    short = row.version.partition(":")[2] or row.version
    whole = with_epoch(row.version)
    ways = [row.name, f"{row.name}-{short}", f"{row.name}-{whole}", f"{row.name}.{row.arch}"]
    ways += [f"{row.name}-{short}.{row.arch}", f"{row.name}-{whole}.{row.arch}"]
    return any(fnmatchcase(way, pattern) for way in ways)
